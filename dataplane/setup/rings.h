/*
 * rings.h - the rings between lcores, and between lcores and the control thread. Each has one producer and one
 * consumer.
 */
#ifndef AMITY_RINGS_H
#define AMITY_RINGS_H

#include "setup.h"

enum status rings_create(struct setup *setup) AMITY_CHECKED;

/* For ports with fewer transmit queues than workers: to each worker without one, a ring to one that has. */
enum status rings_create_transmit(struct setup *setup) AMITY_CHECKED;

/* Frees the mbufs that wait in them. Thread: control, while no worker runs. */
void rings_drain(struct setup *setup);

void rings_free(struct setup *setup);

#endif
