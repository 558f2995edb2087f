/*
 * company_shelves.h - the blocks of a directory's companies, in their order, on shelves that directories share: where
 * one company of 10,000 changes, its shelf is made anew and the others are referred to. Of other companies only the
 * memory of those on its shelf is touched, for their reference counts.
 *
 * Thread: any; one at a time for each list. Directories that share shelves may be released by several threads.
 */
#ifndef AMITY_COMPANY_SHELVES_H
#define AMITY_COMPANY_SHELVES_H

#include "arena.h"
#include "company_build.h"

/* A change takes a reference to so many blocks at most, and one to each shelf: 80 of 10,000 companies. */
#define COMPANY_SHELF_MAX 128

struct company_shelf;

/* Zero-initialised: empty. The arrays belong to an arena; company_shelves_release() before it ends. */
struct company_shelves {
	struct company_shelf **shelf; /* none is empty; each but the last may hold any number up to COMPANY_SHELF_MAX */
	uint32_t *first;	      /* of each: the index of its first company */
	uint32_t shelf_count, company_count;
};

/* Room for so many companies, to be appended. Result: STATUS_NO_MEMORY. */
AMITY_CHECKED enum status company_shelves_begin(struct company_shelves *shelves, struct arena *arena,
						uint32_t company_count);

/* The reference goes with it, also when there is no memory. */
AMITY_CHECKED enum status company_shelves_append(struct company_shelves *shelves, struct company_block *block);

/* `index` < company_count. Result: no reference of its own. */
struct company_block *company_shelves_at(const struct company_shelves *shelves, uint32_t index);

/*
 * All of `from`, but the company at `index`, in whose place `block` stands (its company_count: behind the last one;
 * NULL: nobody). `shelves` is empty before. The reference of `block` goes with it, also when there is no memory.
 */
AMITY_CHECKED enum status company_shelves_change(struct company_shelves *shelves, struct arena *arena,
						 const struct company_shelves *from, uint32_t index,
						 struct company_block *block);

/* company_build_share_patterns() of every company that has a database; others are not looked at. */
AMITY_CHECKED enum status company_shelves_share_patterns(const struct company_shelves *shelves,
							 struct pattern_pool *pool);

/* Drops every reference; empty afterwards. */
void company_shelves_release(struct company_shelves *shelves);

#endif
