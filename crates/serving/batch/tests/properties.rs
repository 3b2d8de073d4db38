//! What holds whatever happens, in virtual time.
#![allow(clippy::unwrap_used, clippy::panic)]

mod common;

use std::collections::HashMap;
use std::time::Duration;

use common::{End, World, us};
use fastserve_batch::{Adaptive, Arrival, BatchKey, Config, Dynamic, Event, Level, Mode, Nanos, OnTimeout, Ticket};
use proptest::prelude::*;

#[derive(Clone, Debug)]
struct Step {
    gap_us: u64,
    cancels: Option<u64>,
    rows: u32,
    key: u64,
    priority: u32,
    timeout_us: Option<u64>,
    deadline_us: Option<u64>,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let rare = |range| proptest::option::weighted(0.2, range);
    let step = (0u64..300, rare(0u64..30), 1u32..10, 0u64..3, 0u32..4, rare(0u64..2000), rare(1u64..5000));
    let step = step.prop_map(|(gap_us, cancels, rows, key, priority, timeout_us, deadline_us)| Step {
        gap_us: if gap_us < 150 { 0 } else { gap_us },
        cancels,
        rows,
        key,
        priority,
        timeout_us,
        deadline_us,
    });
    proptest::collection::vec(step, 0..200)
}

fn level() -> impl Strategy<Value = Level> {
    let timeout = proptest::option::of(100u64..3000);
    (proptest::option::of(1usize..20), timeout, any::<bool>(), any::<bool>()).prop_map(|(max_queue, timeout, delays, allow_override)| {
        Level {
            max_queue,
            default_timeout: timeout.map(Duration::from_micros),
            on_timeout: if delays { OnTimeout::Delay } else { OnTimeout::Reject },
            allow_override,
        }
    })
}

fn mode() -> impl Strategy<Value = Mode> {
    let dynamic = (prop_oneof![Just(0u64), 1u64..500], proptest::collection::vec(1u32..12, 0..3));
    prop_oneof![
        1 => Just(Mode::Off),
        3 => dynamic.prop_map(|(delay, preferred)| Mode::Dynamic(Dynamic { max_delay: Duration::from_micros(delay), preferred })),
        3 => proptest::option::of(0u64..5000).prop_map(|t| Mode::Adaptive(Adaptive { target: t.map(Duration::from_micros) })),
    ]
}

fn config() -> impl Strategy<Value = Config> {
    (1u32..12, 1usize..40, mode(), proptest::collection::vec(level(), 1..4), 0u32..5)
        .prop_map(|(max_rows, max_queue, mode, levels, default_level)| Config { max_rows, max_queue, mode, levels, default_level })
}

fn waits_for_more(config: &Config) -> bool {
    matches!(&config.mode, Mode::Dynamic(d) if !d.max_delay.is_zero())
}

type Came = HashMap<Ticket, (Arrival, Nanos)>;

/// Plays the steps; looks after each one whether a worker is idle while somebody waits.
fn play(config: &Config, workers: u32, steps: &[Step]) -> (World, Came) {
    let mut world = World::new(config.clone(), workers, |rows| us(100) + us(30) * u64::from(rows));
    let mut came = Came::new();
    for (n, step) in steps.iter().enumerate() {
        world.run_to(Nanos(world.now.0 + us(step.gap_us)));
        let arrival = Arrival {
            ticket: Ticket(n as u64),
            rows: step.rows,
            key: BatchKey(step.key),
            cost: step.key,
            priority: step.priority,
            timeout: step.timeout_us.map(Duration::from_micros),
            deadline: step.deadline_us.map(|d| Nanos(world.now.0 + us(d))),
        };
        came.insert(arrival.ticket, (arrival.clone(), world.now));
        world.tell(Event::Arrive(arrival));
        if let Some(ago) = step.cancels {
            world.tell(Event::Cancel(Ticket((n as u64).saturating_sub(ago))));
        }
        assert!(waits_for_more(config) || world.idle == 0 || world.batcher.depth() == 0, "a worker is idle while somebody waits");
        assert!(world.batcher.depth() <= config.max_queue, "more wait than may");
    }
    world.finish();
    (world, came)
}

/// The longest that the request may have waited.
fn last_start(config: &Config, arrival: &Arrival, came: Nanos) -> Nanos {
    let levels = config.levels.len() as u32;
    let named = if (1..=levels).contains(&arrival.priority) { arrival.priority } else { config.default_level.clamp(1, levels) };
    let level = &config.levels[named as usize - 1];
    let asked = arrival.timeout.filter(|t| level.allow_override && !t.is_zero());
    let timeout = match (level.default_timeout, asked) {
        (Some(a), Some(b)) => Some(a.min(b)),
        (a, b) => a.or(b),
    };
    let timeout = timeout.filter(|_| level.on_timeout == OnTimeout::Reject).map(|t| came.after(t));
    timeout.into_iter().chain(arrival.deadline).min().unwrap_or(Nanos(u64::MAX))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_request_ends_once_and_no_limit_is_passed(config in config(), workers in 1u32..4, steps in steps()) {
        let (world, came) = play(&config, workers, &steps);
        prop_assert_eq!(world.ends.len(), steps.len());
        for (id, batch) in &world.batches {
            let rows: u32 = batch.tickets.iter().map(|t| came[t].0.rows).sum();
            prop_assert!(rows == batch.rows && rows <= config.max_rows, "{:?}: {:?}", id, batch);
            prop_assert!(config.mode != Mode::Off || batch.tickets.len() == 1);
            let keys: Vec<_> = batch.tickets.iter().map(|t| came[t].0.key).collect();
            prop_assert!(keys.windows(2).all(|k| k[0] == k[1]), "{:?} of two kinds", id);
            for ticket in &batch.tickets {
                let (arrival, at) = &came[ticket];
                prop_assert!(batch.at < last_start(&config, arrival, *at), "{:?} was started too late", ticket);
            }
        }
        let counts = world.batcher.snapshot().counts;
        prop_assert_eq!(counts.batches as usize, world.batches.len());
    }

    /// Of two that differ in nothing, the first goes first.
    #[test]
    fn equals_are_served_as_they_came(config in config(), workers in 1u32..4, steps in steps()) {
        let steps: Vec<Step> = steps.into_iter().map(|s| Step { deadline_us: None, timeout_us: None, ..s }).collect();
        let config = Config { levels: vec![Level { default_timeout: None, ..Level::default() }; 2], ..config };
        let (world, came) = play(&config, workers, &steps);
        let order = world.batches.values().flat_map(|b| &b.tickets);
        let mut last: HashMap<(BatchKey, u32), Ticket> = HashMap::new();
        for ticket in order {
            let arrival = &came[ticket].0;
            let level = if (1..=2).contains(&arrival.priority) { arrival.priority } else { config.default_level.clamp(1, 2) };
            if let Some(before) = last.insert((arrival.key, level), *ticket) {
                prop_assert!(before < *ticket, "{:?} before {:?}", before, ticket);
            }
        }
    }

    /// Whoever is taken in starts after a bounded time: the queue before him, twice over, and an eighth more for the turns of others.
    #[test]
    fn nobody_waits_for_ever(mode in mode(), rows in proptest::collection::vec(1u32..10, 1..300)) {
        let config = Config { max_rows: 10, max_queue: 30, mode, ..Config::default() };
        let mut world = World::new(config, 1, |rows| us(100) + us(30) * u64::from(rows));
        let mut came = HashMap::new();
        for (n, rows) in rows.iter().enumerate() {
            world.run_to(Nanos(world.now.0 + us(20)));
            came.insert(Ticket(n as u64), world.now);
            world.tell(Event::Arrive(Arrival { rows: *rows, key: BatchKey(n as u64 % 5), ..common::arrival(n as u64) }));
        }
        world.finish();
        for (ticket, end) in &world.ends {
            if let End::Started { at, .. } = end {
                prop_assert!(at.0 - came[ticket].0 <= 30 * us(400) * 2, "{:?} waited {} µs", ticket, (at.0 - came[ticket].0) / 1000);
            }
        }
    }
}

#[test]
fn a_number_that_waits_already_is_refused_and_the_first_is_not_lost() {
    let mut batcher = fastserve_batch::Batcher::new(Config::default(), 1);
    let mut actions = Vec::new();
    (0..2).for_each(|_| batcher.poll(Nanos(0), Event::Arrive(common::arrival(7)), &mut actions));
    batcher.poll(Nanos(1), Event::WorkerFree, &mut actions);
    let text = format!("{actions:?}");
    assert!(text.contains("DuplicateTicket") && text.contains("Start"), "{text}");
}

#[test]
fn hostile_times_and_names_do_no_harm() {
    let mut batcher = fastserve_batch::Batcher::new(Config { max_rows: u32::MAX, max_queue: 8, ..Config::default() }, 0);
    let mut actions = Vec::new();
    for n in 0..100u64 {
        let arrival = Arrival {
            rows: u32::MAX - n as u32,
            cost: u64::MAX,
            timeout: Some(Duration::MAX),
            deadline: Some(Nanos(u64::MAX)),
            ..common::arrival(n)
        };
        batcher.poll(Nanos(u64::MAX - n), Event::Arrive(arrival), &mut actions);
        batcher.poll(Nanos(0), Event::Done { batch: fastserve_batch::BatchId(n), ok: true }, &mut actions);
        batcher.poll(Nanos(u64::MAX), Event::WorkerFree, &mut actions);
    }
    assert_eq!(batcher.depth() + actions.iter().filter(|a| !matches!(a, fastserve_batch::Action::WakeAt(_))).count(), 100);
}
