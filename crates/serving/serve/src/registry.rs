//! The models that are there, and what becomes of them.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use crate::config::{ControlMode, ServerConfig};
use crate::error::ServeError;
use crate::load::{Loading, load};
use crate::metadata::{IndexEntry, ModelState};
use crate::repository::{Found, Stamp, find, stamp};
use crate::version::Version;

/// How many names an error tells.
const NAMES_TOLD: usize = 8;

/// The models that are there.
pub(crate) struct Registry {
    backend: fastserve::Cpu,
    models: RwLock<BTreeMap<String, Entry>>,
    /// Held by whoever loads or unloads: one at a time.
    changes: Mutex<()>,
}

/// A model, as far as it is known.
#[derive(Default)]
struct Entry {
    versions: BTreeMap<u64, Slot>,
    /// What is wrong with the model as a whole.
    wrong: Option<String>,
}

/// A version, as far as it is known.
struct Slot {
    state: ModelState,
    reason: String,
    version: Option<Arc<Version>>,
    stamp: Stamp,
}

impl Registry {
    /// An empty one.
    ///
    /// # Errors
    /// The backend cannot be set up.
    pub(crate) fn new() -> Result<Self, fastserve::Error> {
        Ok(Self { backend: fastserve::Cpu::new()?, models: RwLock::default(), changes: Mutex::default() })
    }

    fn read(&self) -> RwLockReadGuard<'_, BTreeMap<String, Entry>> {
        self.models.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, BTreeMap<String, Entry>> {
        self.models.write().unwrap_or_else(PoisonError::into_inner)
    }

    /// The version that answers requests for a model.
    ///
    /// # Errors
    /// No such model or version, or it is not ready.
    pub(crate) fn version(&self, name: &str, number: Option<u64>) -> Result<Arc<Version>, ServeError> {
        let models = self.read();
        let Some(entry) = models.get(name) else {
            let known = models.keys().take(NAMES_TOLD).cloned().collect();
            return Err(ServeError::UnknownModel { name: name.to_owned(), known });
        };
        match number {
            None => entry.newest().ok_or_else(|| entry.not_ready(name)),
            Some(number) => match entry.versions.get(&number) {
                None => Err(ServeError::UnknownVersion { model: name.to_owned(), version: number }),
                Some(slot) => slot.version.clone().ok_or_else(|| slot.not_ready(name)),
            },
        }
    }

    /// Versions of a model that answer, ascending.
    pub(crate) fn ready_versions(&self, name: &str) -> Vec<u64> {
        let models = self.read();
        let versions = models.get(name).into_iter().flat_map(|e| &e.versions);
        versions.filter(|(_, s)| s.version.is_some()).map(|(n, _)| *n).collect()
    }

    /// All versions that answer, or those of one model.
    pub(crate) fn versions(&self, name: Option<&str>) -> Vec<Arc<Version>> {
        let models = self.read();
        let wanted = models.iter().filter(|(n, _)| name.is_none_or(|name| name == *n));
        wanted.flat_map(|(_, e)| e.versions.values().filter_map(|s| s.version.clone())).collect()
    }

    /// Whether a name is known.
    pub(crate) fn knows(&self, name: &str) -> bool {
        self.read().contains_key(name)
    }

    /// Everything that is known, in order.
    pub(crate) fn index(&self) -> Vec<IndexEntry> {
        let models = self.read();
        models.iter().flat_map(|(name, entry)| entry.index(name)).collect()
    }

    /// Whether all models that should be loaded are.
    pub(crate) fn all_ready(&self) -> bool {
        let models = self.read();
        models.values().all(|e| e.wrong.is_none() && e.versions.values().all(|s| s.state == ModelState::Ready))
    }

    /// Looks at all sources and loads what the mode of control says: all there is when the server starts and when it polls, what was
    /// named with [`ControlMode::Explicit`]. What has gone is unloaded. Returns what is wrong.
    pub(crate) fn refresh(&self, config: &ServerConfig) -> Vec<String> {
        let _one = self.changes.lock().unwrap_or_else(PoisonError::into_inner);
        let (found, mut wrong) = find(&config.sources);
        let wanted = |name: &String| config.control != ControlMode::Explicit || config.load.iter().any(|l| l == "*" || l == name);
        for name in config.load.iter().filter(|l| *l != "*" && !found.contains_key(*l)) {
            wrong.push(format!("there is no model `{name}` to load"));
        }
        for (name, model) in found.iter().filter(|(name, _)| wanted(name)) {
            wrong.extend(self.apply(name, model, config));
        }
        let gone: Vec<String> = self.read().keys().filter(|name| !found.contains_key(*name)).cloned().collect();
        for name in gone {
            self.remove(&name);
            self.write().remove(&name);
        }
        wrong
    }

    /// Loads a model's versions again, as they are now.
    ///
    /// # Errors
    /// No such model, or a version that failed; versions that answered before still do.
    pub(crate) fn load(&self, name: &str, config: &ServerConfig) -> Result<(), ServeError> {
        let _one = self.changes.lock().unwrap_or_else(PoisonError::into_inner);
        let (found, _) = find(&config.sources);
        let Some(model) = found.get(name) else {
            let known = found.keys().take(NAMES_TOLD).cloned().collect();
            return Err(ServeError::UnknownModel { name: name.to_owned(), known });
        };
        match self.apply(name, model, config) {
            wrong if wrong.is_empty() => Ok(()),
            wrong => Err(ServeError::Invalid(wrong.join("; "))),
        }
    }

    /// Unloads a model. Requests that are in it are finished.
    ///
    /// # Errors
    /// No such model.
    pub(crate) fn unload(&self, name: &str) -> Result<(), ServeError> {
        let _one = self.changes.lock().unwrap_or_else(PoisonError::into_inner);
        if !self.knows(name) {
            let known = self.read().keys().take(NAMES_TOLD).cloned().collect();
            return Err(ServeError::UnknownModel { name: name.to_owned(), known });
        }
        self.remove(name);
        Ok(())
    }

    /// Ends all versions.
    pub(crate) fn close(&self) {
        let _one = self.changes.lock().unwrap_or_else(PoisonError::into_inner);
        let names: Vec<String> = self.read().keys().cloned().collect();
        for name in names {
            self.remove(&name);
        }
    }

    /// Makes a model's versions those that its policy chooses of the ones that are there. Returns what failed.
    fn apply(&self, name: &str, found: &Found, config: &ServerConfig) -> Vec<String> {
        let policy = found.settings.as_ref().map_err(Clone::clone).and_then(|s| s.policy());
        let chosen = match policy {
            Ok(policy) => policy.choose(found.versions.keys().copied().collect()),
            Err(why) => {
                self.write().entry(name.to_owned()).or_default().wrong = Some(why.clone());
                return vec![format!("model `{name}`: {why}")];
            }
        };
        self.write().entry(name.to_owned()).or_default().wrong = chosen.is_empty().then(|| "it has no version to serve".to_owned());
        let failed: Vec<String> = chosen.iter().filter_map(|&n| self.bring_up(name, n, found, config).err()).collect();
        self.retire(name, &chosen, found);
        failed
    }

    /// Loads a version unless it answers already with the same files. One that answers goes on until the new one does.
    fn bring_up(&self, name: &str, number: u64, found: &Found, config: &ServerConfig) -> Result<(), String> {
        let mark = found.versions.get(&number).map(|place| stamp(found, place)).unwrap_or_default();
        let is_known = |slot: &Slot| slot.stamp == mark && slot.state != ModelState::Unavailable;
        if self.read().get(name).and_then(|e| e.versions.get(&number)).is_some_and(is_known) {
            return Ok(());
        }
        self.set(name, number, |slot| slot.begin(mark));
        let cx = Loading { config, backend: &self.backend, memory_left: self.memory_left(config, name, number) };
        match load(name, number, found, &cx) {
            Ok(version) => {
                let old = self.set(name, number, |slot| slot.succeed(version));
                close(old);
                Ok(())
            }
            Err(why) => {
                self.set(name, number, |slot| slot.fail(why.clone()));
                Err(format!("model `{name}` version {number}: {why}"))
            }
        }
    }

    fn memory_left(&self, config: &ServerConfig, name: &str, number: u64) -> Option<u64> {
        let budget = Some(config.memory_budget_bytes).filter(|&b| b > 0)?;
        let others = self.versions(None).into_iter().filter(|v| v.name != name || v.number != number);
        Some(budget.saturating_sub(others.map(|v| v.facts().memory_bytes).sum()))
    }

    fn set<T>(&self, name: &str, number: u64, change: impl FnOnce(&mut Slot) -> T) -> T {
        let mut models = self.write();
        change(models.entry(name.to_owned()).or_default().versions.entry(number).or_insert_with(Slot::new))
    }

    /// Ends the versions that are not chosen any more: only once one that is chosen answers, so that the model always does.
    fn retire(&self, name: &str, chosen: &[u64], found: &Found) {
        let mut models = self.write();
        let Some(entry) = models.get_mut(name) else {
            return;
        };
        let has_chosen = chosen.iter().any(|n| entry.versions.get(n).is_some_and(|s| s.version.is_some()));
        let mut ended = Vec::new();
        for (number, slot) in entry.versions.iter_mut().filter(|(n, _)| !chosen.contains(n)) {
            if has_chosen || !found.versions.contains_key(number) {
                ended.extend(slot.end("another version is served"));
            }
        }
        entry.versions.retain(|n, s| s.version.is_some() || found.versions.contains_key(n));
        drop(models);
        ended.into_iter().for_each(|v| close(Some(v)));
    }

    fn remove(&self, name: &str) {
        let mut models = self.write();
        let slots = models.get_mut(name).into_iter().flat_map(|e| e.versions.values_mut());
        let ended: Vec<Arc<Version>> = slots.filter_map(|slot| slot.end("unloaded")).collect();
        drop(models);
        ended.into_iter().for_each(|v| close(Some(v)));
    }
}

/// Finishes a version that nobody can reach any more.
fn close(version: Option<Arc<Version>>) {
    if let Some(version) = version {
        version.close();
    }
}

impl Entry {
    fn newest(&self) -> Option<Arc<Version>> {
        self.versions.values().rev().find_map(|s| s.version.clone())
    }

    fn not_ready(&self, name: &str) -> ServeError {
        let of_version = |(n, s): (&u64, &Slot)| format!("version {n} is {}: {}", s.state.name(), s.reason);
        let why = self.wrong.clone().or_else(|| self.versions.iter().next_back().map(of_version));
        ServeError::NotReady { model: name.to_owned(), why: why.unwrap_or_else(|| "it was not loaded".into()) }
    }

    fn index(&self, name: &str) -> Vec<IndexEntry> {
        let entry = |version, state, reason: &str| IndexEntry { name: name.to_owned(), version, state, reason: reason.to_owned() };
        if let (Some(wrong), true) = (&self.wrong, self.versions.is_empty()) {
            return vec![entry(None, ModelState::Unavailable, wrong)];
        }
        self.versions.iter().map(|(n, s)| entry(Some(*n), s.state, &s.reason)).collect()
    }
}

impl Slot {
    fn new() -> Self {
        Self { state: ModelState::Unavailable, reason: String::new(), version: None, stamp: Stamp::new() }
    }

    fn not_ready(&self, name: &str) -> ServeError {
        ServeError::NotReady { model: name.to_owned(), why: format!("{}: {}", self.state.name(), self.reason) }
    }

    fn begin(&mut self, mark: Stamp) {
        self.stamp = mark;
        if self.version.is_none() {
            self.state = ModelState::Loading;
            self.reason.clear();
        }
    }

    /// The new version takes over; the old one is returned.
    fn succeed(&mut self, version: Arc<Version>) -> Option<Arc<Version>> {
        self.state = ModelState::Ready;
        self.reason.clear();
        self.version.replace(version)
    }

    /// The old version, if there is one, still answers.
    fn fail(&mut self, why: String) {
        if self.version.is_none() {
            self.state = ModelState::Unavailable;
            self.reason = why;
        } else {
            self.reason = format!("what was loaded before answers; the new files were refused: {why}");
        }
    }

    fn end(&mut self, why: &str) -> Option<Arc<Version>> {
        self.state = ModelState::Unavailable;
        self.reason = why.to_owned();
        self.stamp.clear();
        self.version.take()
    }
}
