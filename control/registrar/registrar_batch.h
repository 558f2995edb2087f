/*
 * registrar_batch.h - answers that wait for their transaction.
 */
#ifndef AMITY_REGISTRAR_BATCH_H
#define AMITY_REGISTRAR_BATCH_H

#include "reinject.h"
#include "register_answer.h"

#define BATCH_MAX 512

struct batch_answer {
	struct reinject_path path;
	char *text;
	uint32_t length;
	uint32_t common_length; /* up to CSeq: what an answer with another status shares */
};

struct registrar_batch {
	struct batch_answer answer[BATCH_MAX];
	uint32_t count;
};

/* Copies `text`. The batch is not full. Result: false without memory. */
bool registrar_batch_add(struct registrar_batch *batch, const struct reinject_path *path, struct span text,
			 uint32_t common_length);

/* Sends all answers as they are, and empties the batch. Result: how many were lost on the way to the lcores. */
uint32_t registrar_batch_release(struct registrar_batch *batch, struct reinject *reinject);

/* Sends a 503 in place of every answer, and empties the batch. */
void registrar_batch_refuse(struct registrar_batch *batch, struct reinject *reinject);

#endif
