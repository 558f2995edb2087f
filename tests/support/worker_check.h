/*
 * worker_check.h - what holds of an lcore's transactions, calls and timers between two bursts, whatever came: counts
 * add up, whatever waits has something that ends it, and is found by its name.
 */
#ifndef AMITY_TESTS_WORKER_CHECK_H
#define AMITY_TESTS_WORKER_CHECK_H

#include "worker.h"

/* Ends the program when something does not hold. Leaves no trace in the worker but the marks of an audit. */
void worker_check(struct worker *worker);

#endif
