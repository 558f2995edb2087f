/*
 * problem.h - what is wrong with a document or a request, said to people: where, which key, what, and what to do about
 * it.
 *
 * A list collects every problem of a document, so that one look mends all of them.
 *
 * Thread: each list belongs to one thread at a time.
 */
#ifndef AMITY_PROBLEM_H
#define AMITY_PROBLEM_H

#include <stdint.h>
#include <stdio.h>

#include <jansson.h>

/* The rest is counted in `omitted`: a screen of errors is read, a thousand are not. */
#define PROBLEMS_MAX 100

/* Texts are owned by the list; line and column count from 1, 0 means unknown; absent texts are NULL. */
struct problem {
	char *file;
	uint32_t line;
	uint32_t column;
	char *source_line; /* or the part of it that shows the column */
	uint32_t caret;	   /* the column in source_line */
	char *key;
	char *message;
};

/* Zero-initialised: empty. */
struct problem_list {
	struct problem *item;
	uint32_t count;
	uint32_t capacity;
	uint32_t omitted; /* reported beyond PROBLEMS_MAX */
};

/* Where in a document; `text` is the whole document (to quote the line from) and may be NULL. */
struct problem_place {
	const char *file;
	const char *text;
	uint32_t text_length;
	uint32_t line;
	uint32_t column;
};

/* `place` and `key` may be NULL. When memory ends, the problem is counted in `omitted`, never lost silently. */
void problem_add_at(struct problem_list *list, const struct problem_place *place, const char *key, const char *format,
		    ...) __attribute__((format(printf, 4, 5)));

/* A problem that has no place in a document. */
void problem_add(struct problem_list *list, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Anything wrong at all? */
static inline int problem_list_has_any(const struct problem_list *list)
{
	return list->count + list->omitted > 0;
}

/* Appends all of `from` and empties it. */
void problem_list_move(struct problem_list *list, struct problem_list *from);

/* By line and column; what has no place comes first. Problems of one place keep their order. */
void problem_list_sort(struct problem_list *list);

/* Leaves an empty list. */
void problem_list_free(struct problem_list *list);

/* As compilers do: FILE:LINE:COLUMN: KEY: MESSAGE, then the source line with a caret. */
void problem_list_print(const struct problem_list *list, FILE *out);

/* Result: [{"file","line","column","key","message","source","caret"}...], absent members left out, without what is
 * omitted; NULL when memory ends. The caller owns it. */
json_t *problem_list_to_json(const struct problem_list *list);

#endif
