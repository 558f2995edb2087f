/*
 * corpus.h - numbered messages for comparing parsers: the torture messages and those of bench/messages, then without
 * end generated ones, mutated torture messages and mutated generated ones, by turns. The same number is the same
 * message everywhere, whatever is added to bench/messages.
 */
#ifndef AMITY_TESTS_CORPUS_H
#define AMITY_TESTS_CORPUS_H

#include <stdint.h>

#include "sip_generate.h"

#define CORPUS_FILES_MAX 128

struct corpus {
	struct span file[CORPUS_FILES_MAX]; /* allocated */
	uint32_t file_count, torture_count; /* the torture messages come first */
	struct sip_generated generated, other;
	char bytes[SIP_GENERATED_BYTES_MAX];
};

struct corpus_message {
	struct span bytes;		       /* valid to the next call */
	const struct sip_generated *generated; /* what a message as it was generated says; NULL: any other */
	bool is_file;			       /* as it stands in its file */
};

void corpus_load(struct corpus *corpus);
void corpus_free(struct corpus *corpus);

struct corpus_message corpus_take(struct corpus *corpus, uint64_t number);

/* How many messages a run of this test takes: AMITY_DIFFERENTIAL_MESSAGES, or the default. */
uint64_t corpus_size(void);

#endif
