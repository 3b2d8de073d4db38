//! Model files that scripts write from fixtures, into `built/` in the cache.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result};

use crate::fixtures::Tier;
use crate::{paths, process, sha256};

/// What the scripts import: a change in one of them makes the files anew.
const LIBRARIES: &[&str] = &["cnn_writer", "onnx_writer", "protobuf_wire", "pth_reader", "safetensors_reader"];

/// One file.
pub(crate) struct Row {
    /// In `built/`.
    pub(crate) file: &'static str,
    /// In `tools/`, without `.py`.
    script: &'static str,
    /// In the cache.
    source: &'static str,
    options: &'static [&'static str],
    /// That of the fixture.
    tier: Tier,
}

const fn row(file: &'static str, script: &'static str, source: &'static str, options: &'static [&'static str], tier: Tier) -> Row {
    Row { file, script, source, options, tier }
}

const LIGHT: &str = "make_light_variant";
pub(crate) const ROWS: &[Row] = &[
    row("mnist_cnn.onnx", "make_mnist_cnn_onnx", "fixtures/ccexam/ccexam/weights/mnist.pth", &[], Tier::Default),
    row("resnet50.onnx", LIGHT, "fixtures/onnx-data/light/light_resnet50.onnx", &["--batch"], Tier::Default),
    row("squeezenet.onnx", LIGHT, "fixtures/onnx-data/light/light_squeezenet.onnx", &["--batch"], Tier::Default),
    row("shufflenet.onnx", LIGHT, "fixtures/onnx-data/light/light_shufflenet.onnx", &["--batch"], Tier::Default),
    row("mobilenet_v2.onnx", "make_mobilenet_v2_onnx", "fixtures/mobilenet_v2/mobilenet_v2.pth", &[], Tier::Models),
    row("efficientnet_lite0.onnx", "make_efficientnet_lite0_onnx", "fixtures/efficientnet_lite0/efficientnet_lite0.pth", &[], Tier::Models),
    row("minilm.onnx", "make_minilm_onnx", "fixtures/minilm", &["--pool"], Tier::Models),
    row("minilm_opset14.onnx", "make_minilm_onnx", "fixtures/minilm", &["--pool", "--opset", "14"], Tier::Models),
];

/// Writes those files of the tiers wanted that are not there yet, each aside and then renamed.
pub(crate) fn make(python: &Path, cache: &Path, up_to: Tier) -> Result<()> {
    let place = cache.join("built");
    fs::create_dir_all(&place)?;
    for row in ROWS.iter().filter(|r| r.tier <= up_to) {
        row.make(python, cache, &place).with_context(|| format!("cannot make {}", row.file))?;
    }
    Ok(())
}

impl Row {
    fn make(&self, python: &Path, cache: &Path, place: &Path) -> Result<()> {
        let (file, stamp) = (place.join(self.file), self.stamp(cache)?);
        let stamp_file = place.join(format!("{}.stamp", self.file));
        if file.exists() && fs::read_to_string(&stamp_file).is_ok_and(|s| s == stamp) {
            return Ok(());
        }
        let aside = place.join(format!("{}.{}", self.file, std::process::id()));
        let mut command = Command::new(python);
        command.arg(format!("tools/{}.py", self.script)).arg(cache.join(self.source)).arg(&aside).args(self.options);
        process::run(command.current_dir(paths::root()))?;
        fs::rename(&aside, &file)?;
        Ok(fs::write(stamp_file, stamp)?)
    }

    /// What the file is made from: the fixture, the script and what it imports.
    fn stamp(&self, cache: &Path) -> Result<String> {
        let mut made_of = format!("{:?}", self.options);
        let fixture = self.source.split('/').take(2).collect::<Vec<_>>().join("/");
        made_of += &fs::read_to_string(cache.join(fixture).join(".stamp")).context("its fixture is not there: cargo xtask fixtures")?;
        for name in [&[self.script], LIBRARIES].concat() {
            made_of += &fs::read_to_string(paths::root().join(format!("tools/{name}.py")))?;
        }
        Ok(sha256::of_bytes(made_of.as_bytes()))
    }
}
