//! The python3 on this machine: its path, version and platform.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::process;

/// Newest first, after whatever `python3` is.
const NAMES: &[&str] = &["python3", "python3.14", "python3.13", "python3.12", "python3.11"];

/// An interpreter that was asked and answered.
#[derive(Debug, Clone)]
pub(crate) struct Python {
    pub(crate) path: PathBuf,
    /// `3.12`, say.
    pub(crate) version: String,
    /// Architecture and system, `x86_64-linux`.
    pub(crate) platform: String,
}

impl Python {
    /// The first interpreter that `fits`, else the first of all.
    pub(crate) fn find(fits: impl Fn(&Self) -> bool) -> Result<Self> {
        let mut first = None;
        for python in NAMES.iter().filter_map(|name| Self::ask(name).ok()) {
            if fits(&python) {
                return Ok(python);
            }
            first.get_or_insert(python);
        }
        first.context("no python3 found: it is needed to fetch packages and to compare results")
    }

    fn ask(name: &str) -> Result<Self> {
        let script = "import sys; print(sys.executable, '%d.%d' % sys.version_info[:2], sep='\\n')";
        let said = process::capture(Command::new(name).args(["-c", script]))?;
        let Some((path, version)) = said.trim().split_once('\n') else {
            bail!("`{name}` did not say what it is");
        };
        Ok(Self {
            path: path.trim().into(),
            version: version.trim().into(),
            platform: format!("{}-{}", std::env::consts::ARCH, std::env::consts::OS),
        })
    }

    /// A command `python -m MODULE`.
    pub(crate) fn module(&self, module: &str) -> Command {
        let mut command = Command::new(&self.path);
        command.args(["-m", module]);
        command
    }

    /// A virtual environment without pip at `folder`; returns where its packages go.
    pub(crate) fn make_venv(&self, folder: &Path) -> Result<PathBuf> {
        process::capture(self.module("venv").arg("--without-pip").arg(folder))?;
        Ok(folder.join("lib").join(format!("python{}", self.version)).join("site-packages"))
    }
}
