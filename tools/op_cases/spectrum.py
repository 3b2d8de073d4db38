"""Fourier transforms, windows, mel weights."""

import numpy as np

from op_cases.case import case, cases, f32


@cases("DFT", "input dft_length axis -> output")
def dft(s):
    yield case("opset_17", s.f32(2, 6, 1), opset=17, axis=1)
    yield case("opset_17_onesided", s.f32(2, 7, 1), opset=17, onesided=1)
    yield case("opset_17_inverse", s.f32(1, 4, 3, 2), opset=17, axis=2, inverse=1)
    yield case("default_axis", s.f32(2, 5, 1), opset=20)
    yield case("first_axis", s.f32(5, 3, 2), None, np.array(0), opset=20)
    yield case("cut", s.f32(2, 9, 1), np.array(6), np.array(1), opset=20)
    yield case("padded", s.f32(2, 5, 2), np.array(8), np.array(1), opset=20)
    yield case("onesided_padded", s.f32(2, 5, 1), np.array(8), np.array(-2), opset=20, onesided=1)
    yield case("inverse", s.f32(3, 6, 2), None, np.array(1), opset=20, inverse=1)
    x = s.f32(1, 67, 1)
    y = np.fft.fft(x[..., 0])
    # onnxruntime is off by 4e-4 here.
    yield case("large_prime", x, opset=20, expected=(np.stack([y.real, y.imag], -1).astype(np.float32),))
    half = s.f32(2, 5, 2)
    whole = lambda n: np.fft.irfft(half[..., 0] + 1j * half[..., 1], n=n, axis=1).astype(np.float32)[..., None]
    yield case("half_to_signal", half, None, np.array(1), opset=20, expected=(whole(8),), inverse=1, onesided=1)
    yield case("half_to_odd_signal", half, np.array(9), np.array(1), opset=20, expected=(whole(9),), inverse=1, onesided=1)


@cases("STFT", "signal frame_step window frame_length -> output")
def stft(s):
    yield case("window", s.f32(1, 32, 1), np.array(4), s.f32(8, low=0, high=1), np.array(8), opset=17)
    yield case("no_window", s.f32(2, 20, 1), np.array(5), None, np.array(6), opset=17)
    yield case("both_sides", s.f32(1, 16, 1), np.array(3), s.f32(7, low=0, high=1), np.array(7), opset=17, onesided=0)
    yield case("complex", s.f32(1, 16, 2), np.array(4), s.f32(8, low=0, high=1), np.array(8), opset=17, onesided=0)


def _window(s):
    yield case("periodic", np.array(10), opset=17)
    yield case("symmetric", np.array(9), opset=17, periodic=0)
    yield case("f64", np.array(6, np.int32), opset=17, output_datatype=11)


@cases("HannWindow", "size -> output")
def hann(s):
    yield from _window(s)


@cases("HammingWindow", "size -> output")
def hamming(s):
    yield from _window(s)


@cases("BlackmanWindow", "size -> output")
def blackman(s):
    yield from _window(s)


@cases("MelWeightMatrix", "num_mel_bins dft_length sample_rate lower_edge_hertz upper_edge_hertz -> output")
def mel_weight_matrix(s):
    yield case("small", np.array(4), np.array(16), np.array(8192), np.float32(0), np.float32(4096), opset=17)
    yield case("speech", np.array(10), np.array(128), np.array(16000), np.float32(20), np.float32(7600), opset=17)
