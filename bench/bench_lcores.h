/*
 * bench_lcores.h - a workload through 1, 2 or 3 worker lcores that run, and what CPU time their busy bursts take.
 *
 * A batch fills the receive queues of the lcores in turn, so that steer hands (n - 1) / n of it to another lcore; then
 * they run until every packet of it has ended. Bursts that find nothing do not count: the lcores may share a CPU.
 */
#ifndef AMITY_BENCH_LCORES_H
#define AMITY_BENCH_LCORES_H

#include "bench_traffic.h"

/*
 * Sends the whole workload. `meanwhile`, unless NULL, is called over and over while the lcores run, with the CPU time
 * that they have been busy in this run.
 *
 * Thread: EAL's main.   Result: CPU nanoseconds per message, all lcores together.
 */
typedef void (*bench_lcores_meanwhile_fn)(uint64_t busy_ns);
double bench_lcores_run(struct bench_traffic *traffic, struct bench_workload *workload, uint32_t worker_count,
			bench_lcores_meanwhile_fn meanwhile);

/* Takes away what the control thread would: punted packets, call records. Thread: the one that runs no burst meanwhile,
 * or any other.
 */
void bench_lcores_drain_punts(struct pipeline *pipeline);

#endif
