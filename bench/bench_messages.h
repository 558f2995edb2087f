/*
 * bench_messages.h - the messages of bench/messages, for benches and for tests that want real input.
 */
#ifndef AMITY_BENCH_MESSAGES_H
#define AMITY_BENCH_MESSAGES_H

#include "span.h"

#define BENCH_MESSAGES_MAX	 64
#define BENCH_MESSAGE_NAME_BYTES 64

struct bench_message {
	char name[BENCH_MESSAGE_NAME_BYTES]; /* the file's name without its suffix */
	struct span bytes;		     /* allocated */
};

/* Loads all files of `folder` whose names end with `suffix`, by name. Exits with a message when there are none, or
 * more than BENCH_MESSAGES_MAX. Result: count. */
size_t bench_messages_load(struct bench_message messages[BENCH_MESSAGES_MAX], const char *folder, const char *suffix);

/* Releases the bytes. */
void bench_messages_free(struct bench_message *messages, size_t count);

#endif
