/*
 * directory_builder.h - what the parts of a directory's build share: directory_build.c (all of it, or one company),
 * directory_tables.c (what is found by name, number and address), directory_carriers.c.
 *
 * Thread: any; one build at a time.
 */
#ifndef AMITY_DIRECTORY_BUILDER_H
#define AMITY_DIRECTORY_BUILDER_H

#include "arena.h"
#include "company_shelves.h"
#include "directory_build.h"

struct directory_root {
	struct directory directory; /* first: the root is found from it */
	struct company_shelves companies;
	const struct company **company;
	struct pattern_compiled *carriers;
	struct arena arena;
};

struct directory_builder {
	const struct directory_build_input *input;
	struct directory_build_count *count;
	struct problem_list *problems;
	struct pattern_pool *pool;
	struct directory_root *root;
	struct name_table previous; /* company name -> index in the previous model and directory */
	struct arena local;	    /* of what the build alone needs */
};

static inline const struct directory_root *directory_root_of(const struct directory *directory)
{
	return (const struct directory_root *)directory;
}

/* Says which pattern is refused, or why none could be compiled. Result: `status`. */
AMITY_CHECKED enum status directory_build_report(struct directory_builder *builder, const char *what,
						 const struct model_text *name, const struct pattern_error *error,
						 enum status status);

/* From builder->root->company[]. Cost: a look at every company. */
AMITY_CHECKED enum status directory_tables_build_domains(struct directory_builder *builder);
AMITY_CHECKED enum status directory_tables_build_ddis(struct directory_builder *builder);
AMITY_CHECKED enum status directory_tables_build_direct(struct directory_builder *builder);

/*
 * The same tables, copied from those of input->previous where `before` (NULL: it is new) stood at `index`, and
 * builder->root->company[index] stands now; all others are the same. Cost: the copy, and what the two companies have.
 */
AMITY_CHECKED enum status directory_tables_change_domains(struct directory_builder *builder, uint32_t index,
							  const struct company *before);
AMITY_CHECKED enum status directory_tables_change_ddis(struct directory_builder *builder, uint32_t index,
						       const struct company *before);
AMITY_CHECKED enum status directory_tables_change_direct(struct directory_builder *builder, uint32_t index,
							 const struct company *before);

/* The same tables without `before`, which stood at `index`: whoever stood behind it has an index less now. Cost:
 * likewise. */
AMITY_CHECKED enum status directory_tables_remove_domain(struct directory_builder *builder, uint32_t index,
							 const struct company *before);
AMITY_CHECKED enum status directory_tables_remove_ddis(struct directory_builder *builder, uint32_t index,
						       const struct company *before);
AMITY_CHECKED enum status directory_tables_remove_direct(struct directory_builder *builder, uint32_t index,
							 const struct company *before);

/* Carriers, their sources and patterns, of input->model. */
AMITY_CHECKED enum status directory_carriers_build(struct directory_builder *builder);

#endif
