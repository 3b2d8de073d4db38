//! Reads the text of a picture: one network finds lines, one tells which are upside down, one reads them.
//!
//! The networks are PP-OCRv4 as the `rapidocr` fixture has them:
//!
//! ```text
//! cargo xtask fixtures --only rapidocr
//! cargo run --release -p fastserve --example ocr -- ~/.cache/fastserve/fixtures/rapidocr page.png
//! ```

mod pipeline;

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Instant;

type AnyError = Box<dyn std::error::Error>;

fn main() -> ExitCode {
    let args: Vec<PathBuf> = std::env::args_os().skip(1).map(PathBuf::from).collect();
    let [models, picture] = &args[..] else {
        eprintln!("usage: ocr FOLDER PICTURE\nFOLDER holds det.onnx, cls.onnx and rec.onnx");
        return ExitCode::from(2);
    };
    match read(models, picture) {
        Ok(()) => ExitCode::SUCCESS,
        Err(e) => {
            eprintln!("error: {e}");
            ExitCode::FAILURE
        }
    }
}

fn read(models: &std::path::Path, picture: &std::path::Path) -> Result<(), AnyError> {
    let picture = image::open(picture)?.to_rgb8();
    let mut ocr = pipeline::Ocr::open(models)?;
    let start = Instant::now();
    let lines = ocr.read(&picture)?;
    eprintln!("{} lines in {:.0} ms", lines.len(), start.elapsed().as_secs_f64() * 1e3);
    for line in lines {
        println!("{:>5.1} %  {}", line.confidence * 100.0, line.text);
    }
    Ok(())
}
