#include <stdlib.h>

#include "directory_builder.h"
#include "name_table_build.h"

/* ---- domains ---- */

enum status directory_tables_build_domains(struct directory_builder *builder)
{
	struct directory *directory = &builder->root->directory;
	uint32_t count = directory->company_count;
	enum status status = name_table_build(&directory->company_by_domain, &builder->root->arena, count);
	for (uint32_t i = 0; i < count && status == STATUS_OK; i++)
		name_table_build_add(&directory->company_by_domain, directory->company[i]->domain, i, true);
	return status;
}

enum status directory_tables_change_domains(struct directory_builder *builder, uint32_t index,
					    const struct company *before)
{
	struct directory *directory = &builder->root->directory;
	struct name_table *table = &directory->company_by_domain;
	const struct name_table *previous = &builder->input->previous->company_by_domain;
	if (!name_table_build_has_room(previous, previous->count + 1))
		return directory_tables_build_domains(builder);
	enum status status = name_table_build_copy(table, &builder->root->arena, previous);
	if (status != STATUS_OK)
		return status;
	if (before)
		name_table_build_remove(table, before->domain, true);
	name_table_build_add(table, directory->company[index]->domain, index, true);
	return STATUS_OK;
}

enum status directory_tables_remove_domain(struct directory_builder *builder, uint32_t index,
					   const struct company *before)
{
	struct name_table *table = &builder->root->directory.company_by_domain;
	enum status status =
		name_table_build_copy(table, &builder->root->arena, &builder->input->previous->company_by_domain);
	if (status != STATUS_OK)
		return status;
	name_table_build_remove(table, before->domain, true);
	name_table_build_close_up(table, index);
	return STATUS_OK;
}

/* ---- DDIs ---- */

enum status directory_tables_build_ddis(struct directory_builder *builder)
{
	struct directory *directory = &builder->root->directory;
	uint32_t count = 0;
	for (uint32_t i = 0; i < directory->company_count; i++)
		count += directory->company[i]->ddi_count;
	struct ddi_owner *owner = arena_take_array(&builder->root->arena, count, sizeof(*owner));
	enum status status = name_table_build(&directory->ddi_by_number, &builder->root->arena, count);
	if (!owner || status != STATUS_OK)
		return STATUS_NO_MEMORY;
	uint32_t next = 0;
	for (uint32_t i = 0; i < directory->company_count; i++) {
		for (uint32_t j = 0; j < directory->company[i]->ddi_count; j++, next++) {
			owner[next] = (struct ddi_owner){i, j};
			name_table_build_add(&directory->ddi_by_number, directory->company[i]->ddi[j].number, next,
					     false);
		}
	}
	directory->ddi_owner = owner;
	directory->ddi_count = count;
	return STATUS_OK;
}

/* The last owner moves into the place of the one that goes: owners are as many as DDIs, in no order. */
static void remove_ddi(struct directory *directory, struct ddi_owner *owner, const struct directory *previous,
		       struct span number)
{
	uint32_t place = 0, last = directory->ddi_count - 1;
	if (!name_table_find(&place, &directory->ddi_by_number, number, false))
		return;
	name_table_build_remove(&directory->ddi_by_number, number, false);
	directory->ddi_count = last;
	if (place == last)
		return;
	owner[place] = owner[last];
	const struct ddi *moved = &previous->company[owner[last].company]->ddi[owner[last].ddi];
	name_table_build_set(&directory->ddi_by_number, moved->number, place, false);
}

/* A copy of the previous ones with room for `more`, without those of `before`. Result: NULL: no memory. */
static struct ddi_owner *copy_ddis(struct directory_builder *builder, const struct company *before, uint32_t more)
{
	const struct directory *previous = builder->input->previous;
	struct directory *directory = &builder->root->directory;
	struct ddi_owner *owner =
		arena_take_array(&builder->root->arena, (size_t)previous->ddi_count + more, sizeof(*owner));
	if (!owner || name_table_build_copy(&directory->ddi_by_number, &builder->root->arena,
					    &previous->ddi_by_number) != STATUS_OK)
		return NULL;
	if (previous->ddi_count)
		memcpy(owner, previous->ddi_owner, previous->ddi_count * sizeof(*owner));
	directory->ddi_owner = owner;
	directory->ddi_count = previous->ddi_count;
	for (uint32_t i = 0; before && i < before->ddi_count; i++)
		remove_ddi(directory, owner, previous, before->ddi[i].number);
	return owner;
}

enum status directory_tables_change_ddis(struct directory_builder *builder, uint32_t index,
					 const struct company *before)
{
	const struct directory *previous = builder->input->previous;
	struct directory *directory = &builder->root->directory;
	const struct company *after = directory->company[index];
	if (previous->ddi_count == 0 && after->ddi_count == 0)
		return STATUS_OK;
	if (!name_table_build_has_room(&previous->ddi_by_number, (uint64_t)previous->ddi_count + after->ddi_count))
		return directory_tables_build_ddis(builder);
	struct ddi_owner *owner = copy_ddis(builder, before, after->ddi_count);
	if (!owner)
		return STATUS_NO_MEMORY;
	for (uint32_t i = 0; i < after->ddi_count; i++) {
		owner[directory->ddi_count] = (struct ddi_owner){index, i};
		name_table_build_add(&directory->ddi_by_number, after->ddi[i].number, directory->ddi_count++, false);
	}
	return STATUS_OK;
}

enum status directory_tables_remove_ddis(struct directory_builder *builder, uint32_t index,
					 const struct company *before)
{
	struct directory *directory = &builder->root->directory;
	if (!builder->input->previous->ddi_count)
		return STATUS_OK;
	struct ddi_owner *owner = copy_ddis(builder, before, 0);
	if (!owner)
		return STATUS_NO_MEMORY;
	for (uint32_t i = 0; i < directory->ddi_count; i++)
		owner[i].company -= owner[i].company > index;
	return STATUS_OK;
}

/* ---- sources of direct friends ---- */

static int compare_direct(const void *a, const void *b)
{
	const struct direct_source *left = a, *right = b;
	int order = memcmp(left->ip, right->ip, sizeof(left->ip));
	return order ? order : (left->company > right->company) - (left->company < right->company);
}

static uint32_t collect_direct(const struct directory *directory, struct direct_source *source)
{
	uint32_t count = 0;
	for (uint32_t i = 0; i < directory->company_count; i++) {
		const struct company *company = directory->company[i];
		for (uint32_t j = 0; j < company->endpoint_count; j++) {
			if (!company->endpoint[j].is_direct)
				continue;
			if (source) {
				memcpy(source[count].ip, company->endpoint[j].direct.ip, sizeof(source[count].ip));
				source[count].company = i;
			}
			count++;
		}
	}
	return count;
}

enum status directory_tables_build_direct(struct directory_builder *builder)
{
	struct directory *directory = &builder->root->directory;
	uint32_t count = collect_direct(directory, NULL), kept = 0;
	struct direct_source *source = arena_take_array(&builder->root->arena, count, sizeof(*source));
	if (!source)
		return STATUS_NO_MEMORY;
	collect_direct(directory, source);
	qsort(source, count, sizeof(*source), compare_direct);
	for (uint32_t i = 0; i < count; i++) {
		if (kept > 0 && memcmp(source[kept - 1].ip, source[i].ip, sizeof(source[i].ip)) == 0) {
			if (source[kept - 1].company != source[i].company)
				source[kept - 1].company = DIRECT_COMPANY_MANY;
		} else {
			source[kept++] = source[i];
		}
	}
	directory->direct_source = source;
	directory->direct_source_count = kept;
	return STATUS_OK;
}

/* Where `ip` is, or would be. */
static uint32_t find_direct(const struct direct_source *source, uint32_t count, const uint8_t ip[16])
{
	uint32_t low = 0, high = count;
	while (low < high) {
		uint32_t middle = (low + high) / 2;
		if (memcmp(source[middle].ip, ip, 16) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static bool has_direct(const struct company *company, const uint8_t ip[16])
{
	for (uint32_t i = 0; i < company->endpoint_count; i++)
		if (company->endpoint[i].is_direct && memcmp(company->endpoint[i].direct.ip, ip, 16) == 0)
			return true;
	return false;
}

/* Sources under change, with the indices of before. */
struct direct_change {
	struct direct_source *source;
	uint32_t count, company;
	const struct directory *directory; /* as it will be, companies of which are complete */
	bool is_gone;			   /* `company` is not among them: whoever stood behind it has another index */
};

/* How many companies have the address, counted up to two. *company: the last of them, by its index of before. */
static uint32_t count_owners(uint32_t *company, const struct direct_change *change, const uint8_t ip[16])
{
	const struct directory *directory = change->directory;
	uint32_t count = 0;
	for (uint32_t i = 0; i < directory->company_count && count < 2; i++)
		if (has_direct(directory->company[i], ip)) {
			*company = i + (change->is_gone && i >= change->company);
			count++;
		}
	return count;
}

static void remove_direct(struct direct_change *change, const uint8_t ip[16])
{
	uint32_t at = find_direct(change->source, change->count, ip), company = 0;
	struct direct_source *source = &change->source[at];
	if (at == change->count || memcmp(source->ip, ip, 16) != 0)
		return; /* it was, under another name */
	if (source->company == DIRECT_COMPANY_MANY) {
		if (count_owners(&company, change, ip) == 1)
			source->company = company;
	} else if (source->company == change->company) {
		change->count--;
		memmove(source, source + 1, (change->count - at) * sizeof(*source));
	}
}

static void add_direct(struct direct_change *change, const uint8_t ip[16])
{
	uint32_t at = find_direct(change->source, change->count, ip);
	struct direct_source *source = &change->source[at];
	if (at < change->count && memcmp(source->ip, ip, 16) == 0) {
		if (source->company != change->company)
			source->company = DIRECT_COMPANY_MANY;
		return;
	}
	memmove(source + 1, source, (change->count - at) * sizeof(*source));
	memcpy(source->ip, ip, 16);
	source->company = change->company;
	change->count++;
}

/* Beyond it a look at every company is cheaper than to compare each friend with each, and to move sources about. */
#define DIRECT_CHANGES_MAX 64

/* A copy of the previous ones with room for `more`. Result: false: no memory. */
static bool copy_direct(struct direct_change *change, struct directory_builder *builder, uint32_t more)
{
	const struct directory *previous = builder->input->previous;
	change->directory = &builder->root->directory;
	change->count = previous->direct_source_count;
	change->source = arena_take_array(&builder->root->arena, (size_t)change->count + more, sizeof(*change->source));
	if (change->source && change->count)
		memcpy(change->source, previous->direct_source, change->count * sizeof(*change->source));
	return change->source != NULL;
}

static void set_direct(struct directory_builder *builder, const struct direct_change *change)
{
	builder->root->directory.direct_source = change->source;
	builder->root->directory.direct_source_count = change->count;
}

enum status directory_tables_change_direct(struct directory_builder *builder, uint32_t index,
					   const struct company *before)
{
	const struct company *after = builder->root->directory.company[index];
	struct direct_change change = {.company = index};
	if (after->endpoint_count > DIRECT_CHANGES_MAX || (before && before->endpoint_count > DIRECT_CHANGES_MAX))
		return directory_tables_build_direct(builder);
	if (!copy_direct(&change, builder, after->endpoint_count))
		return STATUS_NO_MEMORY;
	for (uint32_t i = 0; before && i < before->endpoint_count; i++) {
		const struct endpoint *endpoint = &before->endpoint[i];
		if (endpoint->is_direct && !has_direct(after, endpoint->direct.ip))
			remove_direct(&change, endpoint->direct.ip);
	}
	for (uint32_t i = 0; i < after->endpoint_count; i++)
		if (after->endpoint[i].is_direct)
			add_direct(&change, after->endpoint[i].direct.ip);
	set_direct(builder, &change);
	return STATUS_OK;
}

enum status directory_tables_remove_direct(struct directory_builder *builder, uint32_t index,
					   const struct company *before)
{
	struct direct_change change = {.company = index, .is_gone = true};
	if (before->endpoint_count > DIRECT_CHANGES_MAX)
		return directory_tables_build_direct(builder);
	if (!copy_direct(&change, builder, 0))
		return STATUS_NO_MEMORY;
	for (uint32_t i = 0; i < before->endpoint_count; i++)
		if (before->endpoint[i].is_direct)
			remove_direct(&change, before->endpoint[i].direct.ip);
	for (uint32_t i = 0; i < change.count; i++) {
		uint32_t company = change.source[i].company;
		change.source[i].company -= company != DIRECT_COMPANY_MANY && company > index;
	}
	set_direct(builder, &change);
	return STATUS_OK;
}
