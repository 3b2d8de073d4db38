//! A bounded cache of plans.

use std::sync::{Arc, Mutex, PoisonError};

use crate::plan::Plan;

/// Plans that a model keeps for each of its segments; the one used longest ago goes first.
pub const PLAN_CACHE_LIMIT: usize = 32;

/// Plans by the largest extents they serve.
#[derive(Default)]
pub(crate) struct PlanCache(Mutex<Vec<Arc<Plan>>>);

impl PlanCache {
    /// The plan for these largest extents, made by `make` if it is not there.
    pub(crate) fn get<E>(&self, segment: usize, upper: &[usize], make: impl FnOnce() -> Result<Plan, E>) -> Result<Arc<Plan>, E> {
        if let Some(plan) = self.find(segment, upper) {
            return Ok(plan);
        }
        // Made outside the lock: two sessions may make the same plan, and the second one is dropped.
        let plan = Arc::new(make()?);
        let mut plans = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if plans.iter().filter(|p| p.segment == segment).count() == PLAN_CACHE_LIMIT {
            plans.iter().position(|p| p.segment == segment).map(|oldest| plans.remove(oldest));
        }
        plans.push(plan.clone());
        Ok(plan)
    }

    fn find(&self, segment: usize, upper: &[usize]) -> Option<Arc<Plan>> {
        let mut plans = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let at = plans.iter().position(|p| p.segment == segment && p.upper == upper)?;
        plans[at..].rotate_left(1);
        plans.last().cloned()
    }
}
