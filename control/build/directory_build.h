/*
 * directory_build.h - a whole model to the root that lcores read (include/directory.h).
 *
 * Blocks of companies that did not change are taken from the previous directory: a change costs the blocks of what
 * changed, and a new root. Which changed is found by comparing all of them, or is known beforehand
 * (struct directory_change): then the root's tables are copies too, with that company's entries exchanged.
 *
 * Thread: any; one build at a time.
 */
#ifndef AMITY_DIRECTORY_BUILD_H
#define AMITY_DIRECTORY_BUILD_H

#include "company_build.h"
#include "directory.h"
#include "problem.h"

/* The one company in which `previous` and the new directory differ. */
struct directory_change {
	uint32_t index;			     /* in `previous`; its company_count: it is new, and the last */
	const struct model_company *company; /* valid beside all others; NULL: it is removed */
};

/* What a build starts from. */
struct directory_build_input {
	const struct model *model; /* valid */
	const struct secret_keys *keys;
	uint64_t revision;
	const struct directory *previous;      /* made by directory_build(), or NULL */
	const struct model *previous_model;    /* what `previous` was made of */
	const struct directory_change *change; /* NULL, or all else is as in `previous`; of `model` then only the
						  carriers are looked at, and `previous_model` is not needed */
	const struct pattern_source *patterns; /* NULL: every set that is new is compiled here, without limits */
	const char *file_name; /* of the document that `model` was read from, for its places; may be NULL */
	struct span text;      /* likewise, to quote a line of; may be empty */
	void (*progress)(void *argument, uint32_t done, uint32_t total); /* may be NULL */
	void *argument;
};

struct directory_build_count {
	uint32_t companies_built;
	uint32_t companies_shared;
	uint32_t patterns_compiled; /* sets; those of the cache are not among them */
	uint32_t patterns_loaded;
	uint64_t compile_us; /* how long the compiled ones took (pattern_pool.h) */
};

/* Result: *directory belongs to the caller, until directory_build_release(). `count` may be NULL. */
AMITY_CHECKED enum status directory_build(const struct directory **directory, const struct directory_build_input *input,
					  struct directory_build_count *count, struct problem_list *problems);

/* Frees the root, and every block that no other directory shares. Fits publish_release_fn. NULL is allowed. */
void directory_build_release(const void *directory);

#endif
