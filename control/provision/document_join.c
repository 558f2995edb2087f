#include "document_join.h"

#include <stdlib.h>

#include "name_table_build.h"

#define COMPANIES SPAN_LITERAL("companies:\n")
#define NOTHING	  SPAN_LITERAL("companies: []\n")
#define COMPANY	  SPAN_LITERAL("  - name: ")

struct joining {
	struct span head; /* what stands before the companies */
	struct span *company;
	uint32_t count;
	struct name_table by_name; /* value: index of company */
	struct arena arena;
};

static bool starts_with(struct span text, struct span start)
{
	return text.length >= start.length && memcmp(text.at, start.at, start.length) == 0;
}

/* With its end. */
static struct span first_line(struct span text)
{
	const char *end = memchr(text.at, '\n', text.length);
	return end ? span_make(text.at, (size_t)(end - text.at) + 1) : text;
}

/* Result: what stands behind the head; empty when there is no company. */
static struct span skip_head(struct span *head, struct span text)
{
	struct span rest = text;
	while (rest.length > 0) {
		struct span line = first_line(rest);
		if (starts_with(line, SPAN_LITERAL("companies:")))
			break;
		rest = span_skip(rest, line.length);
	}
	*head = span_make(text.at, text.length - rest.length);
	return starts_with(rest, COMPANIES) ? span_skip(rest, COMPANIES.length) : (struct span){0};
}

/* Takes the first company of `rest`; empty when there is none. */
static struct span take_company(struct span *rest)
{
	struct span all = *rest, left = all;
	if (!starts_with(left, COMPANY))
		return (struct span){0};
	do
		left = span_skip(left, first_line(left).length);
	while (left.length > 0 && !starts_with(left, COMPANY));
	*rest = left;
	return span_make(all.at, all.length - left.length);
}

/* As it is written there: quoted or not. */
static struct span name_of(struct span company)
{
	return span_skip(first_line(company), COMPANY.length);
}

static uint32_t count_companies(struct span text)
{
	uint32_t count = 0;
	while (take_company(&text).length > 0)
		count++;
	return count;
}

static void append(struct joining *joining, struct span company)
{
	if (name_table_build_add(&joining->by_name, name_of(company), joining->count, false))
		joining->company[joining->count++] = company;
}

static bool put_part(struct joining *joining, const struct document_part *part)
{
	struct span head, rest = skip_head(&head, part->text), company = take_company(&rest);
	uint32_t index;
	if (company.length == 0 || rest.length > 0)
		return false;
	if (!name_table_find(&index, &joining->by_name, name_of(company), false)) {
		if (!part->is_removed)
			append(joining, company);
	} else if (part->is_removed) {
		name_table_build_remove(&joining->by_name, name_of(company), false);
		joining->company[index] = (struct span){0};
	} else {
		joining->company[index] = company;
	}
	return true;
}

static char *write(char *end, struct span text)
{
	if (text.length)
		memcpy(end, text.at, text.length);
	return end + text.length;
}

static enum status write_all(char **joined, const struct joining *joining)
{
	size_t bytes = (size_t)joining->head.length + NOTHING.length + 1;
	bool has_any = joining->by_name.count > 0;
	for (uint32_t i = 0; i < joining->count; i++)
		bytes += joining->company[i].length;
	char *text = malloc(bytes), *end = text;
	if (!text)
		return STATUS_NO_MEMORY;
	end = write(end, joining->head);
	if (has_any)
		end = write(end, COMPANIES);
	else if (joining->head.length == 0)
		end = write(end, NOTHING);
	for (uint32_t i = 0; i < joining->count; i++)
		end = write(end, joining->company[i]);
	*end = '\0';
	*joined = text;
	return STATUS_OK;
}

enum status document_join(char **joined, struct span base, const struct document_part *part, uint32_t count)
{
	struct joining joining = {0};
	struct span rest = skip_head(&joining.head, base), company;
	uint32_t most = count_companies(rest) + count;
	enum status status = name_table_build(&joining.by_name, &joining.arena, most);
	joining.company = arena_take_array(&joining.arena, most, sizeof(*joining.company));
	if (!joining.company)
		status = STATUS_NO_MEMORY;
	while (status == STATUS_OK && (company = take_company(&rest)).length > 0)
		append(&joining, company);
	for (uint32_t i = 0; i < count && status == STATUS_OK; i++)
		if (!put_part(&joining, &part[i]))
			status = STATUS_INVALID;
	if (status == STATUS_OK)
		status = write_all(joined, &joining);
	arena_free(&joining.arena);
	return status;
}
