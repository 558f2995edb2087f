#include "corpus.h"

#include <glob.h>
#include <stdio.h>
#include <stdlib.h>

#include "must.h"
#include "sip_mutate.h"

#define MESSAGES_DEFAULT 200000

static struct span load_file(const char *path)
{
	char *bytes = malloc(SIP_GENERATED_BYTES_MAX);
	FILE *file = fopen(path, "rb");

	must(bytes && file);
	size_t length = fread(bytes, 1, SIP_GENERATED_BYTES_MAX, file);
	must(feof(file));
	fclose(file);
	return span_make(bytes, length);
}

void corpus_load(struct corpus *corpus)
{
	static const char *const patterns[] = {TORTURE_MESSAGES "/rfc4475/*.dat", TORTURE_MESSAGES "/rfc5118/*.dat",
					       BENCH_MESSAGES "/*.sip", BENCH_BODIES "/*.sip"};

	corpus->file_count = 0;
	for (uint32_t i = 0; i < sizeof(patterns) / sizeof(patterns[0]); i++) {
		glob_t found = {0};
		must(glob(patterns[i], 0, NULL, &found) == 0);
		for (size_t j = 0; j < found.gl_pathc; j++) {
			must(corpus->file_count < CORPUS_FILES_MAX);
			corpus->file[corpus->file_count++] = load_file(found.gl_pathv[j]);
		}
		globfree(&found);
		if (i == 1)
			corpus->torture_count = corpus->file_count;
	}
}

void corpus_free(struct corpus *corpus)
{
	for (uint32_t i = 0; i < corpus->file_count; i++)
		free((char *)corpus->file[i].at);
}

static struct span generate(struct sip_generated *generated, uint64_t seed)
{
	sip_generate(generated, seed);
	return span_make(generated->bytes, generated->length);
}

static struct span mutate(struct corpus *corpus, struct span original, struct span other, uint64_t seed)
{
	memcpy(corpus->bytes, original.at, original.length);
	return span_make(corpus->bytes, sip_mutate(corpus->bytes, original.length, sizeof(corpus->bytes), other, seed));
}

struct corpus_message corpus_take(struct corpus *corpus, uint64_t number)
{
	if (number < corpus->file_count)
		return (struct corpus_message){.bytes = corpus->file[number], .is_file = true};
	struct span torture = corpus->file[number / 4 % corpus->torture_count];
	switch (number % 4) {
	case 0:
		return (struct corpus_message){.bytes = generate(&corpus->generated, number),
					       .generated = &corpus->generated};
	case 1:
		return (struct corpus_message){
			.bytes = mutate(corpus, torture, generate(&corpus->other, number), number)};
	case 2:
		return (struct corpus_message){
			.bytes = mutate(corpus, generate(&corpus->generated, number), torture, number)};
	default:
		return (struct corpus_message){.bytes = mutate(corpus, generate(&corpus->generated, number),
							       generate(&corpus->other, number + 1), number)};
	}
}

uint64_t corpus_size(void)
{
	const char *wanted = getenv("AMITY_DIFFERENTIAL_MESSAGES");
	return wanted ? strtoull(wanted, NULL, 10) : MESSAGES_DEFAULT;
}
