//! The adaptive mode, in virtual time.
#![allow(clippy::unwrap_used, clippy::panic)]

mod common;

use std::time::Duration;

use common::{End, World, arrival, micros, us};
use fastserve_batch::{Adaptive, Arrival, BatchKey, Config, Event, Level, Mode, Nanos, Rejection, Ticket};

fn adaptive(target: Option<Duration>) -> Config {
    Config { mode: Mode::Adaptive(Adaptive { target }), ..Config::default() }
}

/// 100 µs and 10 µs a row.
fn affine(rows: u32) -> u64 {
    us(100) + us(10) * u64::from(rows)
}

/// Sends one request each `gap_us`, so that the batcher learns.
fn steady(world: &mut World, from: u64, count: u64, gap_us: u64) {
    for n in from..from + count {
        let at = Nanos(world.now.0 + us(gap_us));
        world.run_to(at);
        world.tell(Event::Arrive(arrival(n)));
    }
}

#[test]
fn a_lone_client_never_waits() {
    let mut world = World::new(adaptive(Some(micros(5000))), 1, affine);
    for n in 0..100 {
        world.tell(Event::Arrive(arrival(n)));
        assert_eq!(world.running.len(), 1);
        world.finish();
    }
    assert_eq!(world.batches.len(), 100);
    assert!(world.ends.values().all(|e| matches!(e, End::Started { .. })));
}

#[test]
fn overload_is_served_in_large_batches_at_full_rate() {
    let mut world = World::new(adaptive(None), 1, affine);
    // One request each 14 µs: 32 rows take 420 µs, or 13.1 µs each.
    steady(&mut world, 0, 20_000, 14);
    let refused = world.ends.values().filter(|e| matches!(e, End::Refused { .. })).count();
    assert_eq!(refused, 0, "a rate below the best of 32 rows was not kept up with");
    assert!(world.batcher.limit() >= 24, "{}", world.batcher.limit());
}

#[test]
fn batches_stop_where_rows_get_no_cheaper() {
    let compute_bound = |rows: u32| us(2) + us(100) * u64::from(rows);
    let mut world = World::new(adaptive(None), 1, compute_bound);
    steady(&mut world, 0, 3000, 80);
    let larger = world.batches.values().rev().take(200).filter(|b| b.rows > 4).count();
    assert!(larger <= 200 / 10, "{larger} of 200 batches are larger than pays");
}

#[test]
fn in_overload_the_target_refuses_at_once_and_those_that_run_are_in_time() {
    let target = micros(2000);
    let mut world = World::new(adaptive(Some(target)), 1, affine);
    // Half of what comes can be served.
    let mut came = std::collections::HashMap::new();
    for n in 0..20_000u64 {
        world.run_to(Nanos(us(7) * n));
        came.insert(Ticket(n), world.now);
        world.tell(Event::Arrive(arrival(n)));
    }
    world.finish();
    let (mut in_time, mut late, mut refused, mut waited) = (0u32, 0u32, 0u32, 0u32);
    for (ticket, end) in world.ends.iter().filter(|(t, _)| t.0 > 2000) {
        match end {
            End::Started { batch, at } => {
                let end = at.0 + affine(world.batches[batch].rows);
                let is_late = end - came[ticket].0 > 2_000_000;
                *(if is_late { &mut late } else { &mut in_time }) += 1;
            }
            End::Refused { why, at } => {
                assert_eq!(*why, Rejection::WouldMissDeadline);
                refused += 1;
                waited += u32::from(*at != came[ticket]);
            }
        }
    }
    assert!(late * 100 <= in_time, "{late} late, {in_time} in time");
    assert!(waited * 10 <= refused, "{waited} of {refused} were refused after they had waited");
    // 18,000 requests in 126 ms, of which one each 13.1 µs can be served.
    assert!(in_time > 9000 && refused > 7000, "{in_time} in time, {refused} refused");
}

#[test]
fn a_target_that_no_run_can_meet_refuses_nobody() {
    for target_us in [50, 109, 120] {
        let mut world = World::new(adaptive(Some(micros(target_us))), 1, affine);
        steady(&mut world, 0, 2000, 60);
        world.finish();
        let refused = world.ends.values().filter(|e| matches!(e, End::Refused { .. })).count();
        assert!(refused == 0 || target_us == 120, "{refused} refused at {target_us} µs");
        (2000..2010).for_each(|n| {
            world.tell(Event::Arrive(arrival(n)));
            assert_eq!(world.why(n), None, "a lone request was refused at {target_us} µs");
            world.finish();
        });
    }
}

#[test]
fn the_most_urgent_runs_first() {
    let mut world = World::new(Config { max_rows: 1, ..adaptive(None) }, 1, affine);
    for (n, deadline) in [(0, None), (1, None), (2, Some(us(90_000))), (3, Some(us(50_000)))] {
        world.tell(Event::Arrive(Arrival { deadline: deadline.map(Nanos), ..arrival(n) }));
    }
    world.finish();
    assert_eq!(world.started(), [[0], [3], [2], [1]]);
}

#[test]
fn what_cannot_meet_its_deadline_is_refused_at_once() {
    let mut world = World::new(adaptive(None), 1, affine);
    steady(&mut world, 0, 10, 200);
    world.finish();
    world.run_to(Nanos(us(4000)));
    let deadline = Some(Nanos(world.now.0 + us(20)));
    world.tell(Event::Arrive(Arrival { deadline, ..arrival(100) }));
    assert_eq!(world.why(100), Some(Rejection::WouldMissDeadline));
    let deadline = Some(Nanos(world.now.0 + us(200)));
    world.tell(Event::Arrive(Arrival { deadline, ..arrival(101) }));
    assert_eq!(world.why(101), None);
    world.run_to(Nanos(us(900_000)));
    let deadline = Some(Nanos(world.now.0 + us(20)));
    world.tell(Event::Arrive(Arrival { deadline, ..arrival(102) }));
    assert_eq!(world.why(102), None, "what is known is too old to refuse by");
}

#[test]
fn a_smaller_batch_runs_where_a_larger_one_would_be_late() {
    let slow = |rows: u32| us(1000) * u64::from(rows) + us(1000);
    let mut world = World::new(adaptive(None), 1, slow);
    let mut n = 0;
    for batch in 0..64 {
        for _ in 0..=batch % 8 {
            world.tell(Event::Arrive(arrival(n)));
            n += 1;
        }
        world.finish();
    }
    world.tell(Event::Arrive(arrival(n)));
    let now = world.now.0;
    for (more, after_us) in [(1, 6500), (2, 20_000), (3, 20_000), (4, 20_000), (5, 20_000), (6, 20_000), (7, 20_000)] {
        world.tell(Event::Arrive(Arrival { deadline: Some(Nanos(now + us(after_us))), ..arrival(n + more) }));
    }
    world.finish();
    let batch = world.batches.values().find(|b| b.tickets.contains(&Ticket(n + 1))).unwrap();
    assert!(batch.at.0 + slow(batch.rows) <= now + us(6500), "{batch:?}");
    assert!((1..=7).all(|more| world.why(n + more).is_none()));
}

#[test]
fn a_lower_level_is_not_starved() {
    let config = Config { levels: vec![Level::default(); 2], default_level: 1, max_rows: 1, ..adaptive(None) };
    let mut world = World::new(config, 1, |_| us(1000));
    world.tell(Event::Arrive(arrival(0)));
    world.tell(Event::Arrive(Arrival { priority: 2, ..arrival(1) }));
    // More of level 1 than can be served.
    steady(&mut world, 2, 3000, 900);
    let Some(End::Started { at, .. }) = world.ends.get(&Ticket(1)) else { panic!("it waits still") };
    assert!(at.0 < us(1_020_000), "{at:?}");
}

#[test]
fn another_kind_is_not_starved() {
    let mut world = World::new(Config { max_rows: 1, ..adaptive(None) }, 1, |_| us(1000));
    (0..20).for_each(|n| world.tell(Event::Arrive(arrival(n))));
    world.tell(Event::Arrive(Arrival { key: BatchKey(1), ..arrival(20) }));
    steady(&mut world, 21, 400, 900);
    let Some(End::Started { at, .. }) = world.ends.get(&Ticket(20)) else { panic!("it waits still") };
    assert!(at.0 <= us(21_000), "{at:?}");
}

#[test]
fn what_is_known_is_shown() {
    let mut world = World::new(adaptive(None), 2, affine);
    steady(&mut world, 0, 1000, 20);
    let snapshot = world.batcher.snapshot();
    assert_eq!(snapshot.depth, world.batcher.depth());
    assert_eq!(snapshot.counts.requests + snapshot.depth as u64, 1000);
    let one = snapshot.runs.iter().find(|r| r.rows < 1.5).unwrap();
    assert!((micros(105)..micros(125)).contains(&one.time), "{one:?}");
}
