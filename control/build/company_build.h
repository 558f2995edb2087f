/*
 * company_build.h - a company of the model to the block that lcores read (include/company.h), with everything resolved.
 *
 * The model must be valid (model_validate.h). A block is immutable and shared by all directories in which the company
 * is the same.
 *
 * Thread: any; references may be counted from several threads.
 */
#ifndef AMITY_COMPANY_BUILD_H
#define AMITY_COMPANY_BUILD_H

#include "company.h"
#include "model.h"
#include "pattern_pool.h"
#include "secret_keys.h"
#include "status.h"

/* The block that holds a struct company; one for as many directories as share it. */
struct company_block;

/* One reference is the caller's. Result: STATUS_NO_MEMORY; STATUS_INVALID with *error when a pattern is refused after
 * all. */
AMITY_CHECKED enum status company_build(struct company_block **block, const struct model_company *model,
					const struct secret_keys *keys, struct pattern_pool *pool,
					struct pattern_error *error);

const struct company *company_build_view(const struct company_block *block);
struct company_block *company_build_take(struct company_block *block);
void company_build_release(struct company_block *block); /* NULL is allowed */

/* Is there a pattern set of which not all patterns are plain? */
bool company_build_has_database(const struct company_block *block);

/* Makes the pattern sets of the block known to a pool, but for those of plain patterns, which are made as soon as
 * found. */
AMITY_CHECKED enum status company_build_share_patterns(const struct company_block *block, struct pattern_pool *pool);

#endif
