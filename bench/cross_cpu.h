/*
 * cross_cpu.h - what it costs that the lcore which takes a message runs on another CPU than the one that received it:
 * the cache lines of the ring, of the mbuf's private area and of the message have to come over.
 */
#ifndef AMITY_BENCH_CROSS_CPU_H
#define AMITY_BENCH_CROSS_CPU_H

#include <stdbool.h>
#include <stdint.h>

/*
 * Two threads on two CPUs hand `count` messages over as steer does, against one thread that does both sides' work.
 * Result: nanoseconds a message more; false when there is just one CPU. Thread: any, EAL has started.
 */
bool cross_cpu_measure(double *ns, uint32_t count);

#endif
