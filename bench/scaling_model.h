/*
 * scaling_model.h - what a few measured figures come to on a NIC of 25 and of 100 Gbit/s, and what is assumed for that.
 */
#ifndef AMITY_SCALING_MODEL_H
#define AMITY_SCALING_MODEL_H

#include "bench_report.h"

struct scaling_model {
	double message_ns;    /* of a call's messages on one lcore, hand-over excluded */
	double hand_over_ns;  /* of a message to the lcore that owns its call */
	double message_bytes; /* SIP bytes, on average over a call's messages */
};

/* Prints rows, and to people (not with --json) the assumptions. */
void scaling_model_report(struct bench_report *report, const struct scaling_model *model);

#endif
