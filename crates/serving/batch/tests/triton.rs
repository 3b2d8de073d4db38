//! Each of Triton's policies, in virtual time.
#![allow(clippy::unwrap_used, clippy::panic)]

mod common;

use common::{World, arrival, micros, us};
use fastserve_batch::{Arrival, BatchKey, Config, Dynamic, Event, Level, Mode, Nanos, OnTimeout, Rejection, Ticket};

fn dynamic(max_rows: u32, max_delay_us: u64, preferred: &[u32]) -> Config {
    let rules = Dynamic { max_delay: micros(max_delay_us), preferred: preferred.to_vec() };
    Config { max_rows, mode: Mode::Dynamic(rules), ..Config::default() }
}

/// A run takes 100 µs whatever it has.
fn world(config: Config) -> World {
    World::new(config, 1, |_| us(100))
}

fn send(world: &mut World, at_us: u64, arrival: Arrival) {
    world.run_to(Nanos(us(at_us)));
    world.tell(Event::Arrive(arrival));
}

fn starts_us(world: &World) -> Vec<u64> {
    world.batches.values().map(|b| b.at.0 / 1000).collect()
}

#[test]
fn without_a_delay_what_waits_runs_when_a_worker_is_free() {
    let mut world = world(dynamic(4, 0, &[]));
    (0..7).for_each(|n| send(&mut world, n, arrival(n)));
    world.finish();
    assert_eq!(world.started(), [vec![0], vec![1, 2, 3, 4], vec![5, 6]]);
    assert_eq!(starts_us(&world), [0, 100, 200]);
}

#[test]
fn a_delay_is_waited_for_unless_the_batch_is_full() {
    let mut world = world(dynamic(4, 50, &[]));
    (0..2).for_each(|n| send(&mut world, n, arrival(n)));
    (2..6).for_each(|n| send(&mut world, 300 + n, arrival(n)));
    world.finish();
    assert_eq!(world.started(), [vec![0, 1], vec![2, 3, 4, 5]]);
    assert_eq!(starts_us(&world), [50, 305]);
}

#[test]
fn a_preferred_size_runs_at_once_and_the_largest_reached_is_taken() {
    let mut world = world(dynamic(8, 1000, &[2, 4]));
    (0..2).for_each(|n| send(&mut world, n, arrival(n)));
    assert_eq!(world.started(), [vec![0, 1]], "two are preferred");
    (2..8).for_each(|n| send(&mut world, n, arrival(n)));
    world.finish();
    assert_eq!(world.started(), [vec![0, 1], vec![2, 3, 4, 5], vec![6, 7]]);
}

#[test]
fn sizes_that_are_not_preferred_wait_for_the_delay_only() {
    let mut world = world(dynamic(8, 70, &[4]));
    (0..3).for_each(|n| send(&mut world, n, arrival(n)));
    world.finish();
    assert_eq!((world.started(), starts_us(&world)), (vec![vec![0, 1, 2]], vec![70]));
}

#[test]
fn what_does_not_fit_begins_the_next_batch() {
    let mut world = world(dynamic(4, 0, &[]));
    send(&mut world, 0, arrival(0));
    for (n, rows) in [(1, 3), (2, 2), (3, 1)] {
        send(&mut world, n, Arrival { rows, ..arrival(n) });
    }
    world.finish();
    assert_eq!(world.started(), [vec![0], vec![1], vec![2, 3]], "a small one does not overtake");
}

#[test]
fn requests_of_two_kinds_do_not_share() {
    let mut world = world(dynamic(4, 0, &[]));
    (0..6).for_each(|n| send(&mut world, n, Arrival { key: BatchKey(n % 2), ..arrival(n) }));
    world.finish();
    assert_eq!(world.started(), [vec![0], vec![1, 3, 5], vec![2, 4]]);
}

#[test]
fn too_many_rows_are_refused() {
    let mut world = world(dynamic(4, 0, &[]));
    send(&mut world, 0, Arrival { rows: 5, ..arrival(0) });
    assert_eq!(world.why(0), Some(Rejection::TooManyRows));
}

fn with_levels(levels: Vec<Level>, default_level: u32) -> Config {
    Config { levels, default_level, ..dynamic(1, 0, &[]) }
}

#[test]
fn level_1_goes_first_and_no_level_is_the_default_level() {
    let mut world = world(with_levels(vec![Level::default(); 3], 2));
    send(&mut world, 0, arrival(0));
    for (n, priority) in [(1, 3), (2, 0), (3, 1), (4, 2), (5, 9)] {
        send(&mut world, 1, Arrival { priority, ..arrival(n) });
    }
    world.finish();
    assert_eq!(world.started(), [[0], [3], [2], [4], [5], [1]]);
}

#[test]
fn a_level_has_a_queue_of_its_own_size() {
    let levels = vec![Level { max_queue: Some(1), ..Level::default() }, Level::default()];
    let mut world = world(with_levels(levels, 2));
    for (n, priority) in [(0, 1), (1, 1), (2, 1), (3, 2), (4, 2)] {
        send(&mut world, 0, Arrival { priority, ..arrival(n) });
    }
    assert_eq!(world.why(2), Some(Rejection::QueueFull));
    world.finish();
    assert_eq!(world.started(), [[0], [1], [3], [4]]);
}

#[test]
fn a_full_queue_says_when_to_try_again() {
    let mut world = world(Config { max_queue: 4, ..dynamic(1, 0, &[]) });
    (0..20).for_each(|n| send(&mut world, n * 150, arrival(n)));
    (20..26).for_each(|n| send(&mut world, 4000, arrival(n)));
    assert_eq!(world.why(25), Some(Rejection::QueueFull));
    let retry = world.retry_after.unwrap();
    assert!((micros(400)..micros(1100)).contains(&retry), "four runs of 100 µs and a rest, at least 1 ms: {retry:?}");
}

fn with_timeout(on_timeout: OnTimeout, allow_override: bool) -> Config {
    let level = Level { default_timeout: Some(micros(150)), on_timeout, allow_override, ..Level::default() };
    with_levels(vec![level], 1)
}

#[test]
fn timeout_action_reject() {
    let mut world = world(with_timeout(OnTimeout::Reject, false));
    (0..4).for_each(|n| send(&mut world, 0, arrival(n)));
    assert_eq!(world.batcher.expires(Ticket(2)), Some(Nanos(us(150))));
    world.run_to(Nanos(us(149)));
    assert_eq!(world.why(2), None);
    world.run_to(Nanos(us(150)));
    assert_eq!(world.batcher.expires(Ticket(2)), None);
    assert_eq!((world.why(2), world.why(3)), (Some(Rejection::WaitedTooLong), Some(Rejection::WaitedTooLong)));
    world.finish();
    assert_eq!(world.started(), [[0], [1]]);
}

#[test]
fn timeout_action_delay() {
    let mut world = world(with_timeout(OnTimeout::Delay, false));
    (0..4).for_each(|n| send(&mut world, 0, arrival(n)));
    (4..6).for_each(|n| send(&mut world, 149, arrival(n)));
    world.finish();
    assert_eq!(world.started(), [[0], [1], [4], [2], [3], [5]], "5 waited too long behind 2, so it came last of those");
}

#[test]
fn only_a_shorter_timeout_is_heard_and_only_where_allowed() {
    for (allowed, asked_us, refused_us) in [(false, 50, 150), (true, 50, 50), (true, 5000, 150), (true, 0, 150)] {
        let mut world = world(with_timeout(OnTimeout::Reject, allowed));
        (0..2).for_each(|n| send(&mut world, 0, arrival(n)));
        send(&mut world, 0, Arrival { timeout: Some(micros(asked_us)), ..arrival(2) });
        world.run_to(Nanos(us(refused_us) - 1));
        assert_eq!(world.why(2), None);
        world.run_to(Nanos(us(refused_us)));
        assert_eq!(world.why(2), Some(Rejection::WaitedTooLong), "{allowed} {asked_us}");
    }
}

#[test]
fn a_worker_that_waits_for_more_does_not_let_a_request_expire() {
    let mut world = world(Config { levels: vec![Level { default_timeout: Some(micros(40)), ..Level::default() }], ..dynamic(4, 500, &[]) });
    send(&mut world, 0, arrival(0));
    world.finish();
    assert_eq!((world.started(), starts_us(&world)), (vec![vec![0]], vec![20]));
}

#[test]
fn off_is_one_request_a_batch_in_the_order_they_came() {
    let mut world = world(Config { mode: Mode::Off, ..Config::default() });
    (0..4).for_each(|n| send(&mut world, n, Arrival { rows: 3, key: BatchKey(n % 2), ..arrival(n) }));
    world.finish();
    assert_eq!(world.started(), [[0], [1], [2], [3]]);
}
