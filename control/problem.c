#include "problem.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "source_line.h"

#define MESSAGE_BYTES_MAX 1000

static struct problem *append(struct problem_list *list)
{
	if (list->count >= PROBLEMS_MAX)
		return NULL;
	if (list->count == list->capacity) {
		uint32_t capacity = list->capacity ? 2 * list->capacity : 8;
		struct problem *item = realloc(list->item, capacity * sizeof(*item));
		if (!item)
			return NULL;
		list->item = item;
		list->capacity = capacity;
	}
	struct problem *problem = &list->item[list->count++];
	*problem = (struct problem){0};
	return problem;
}

static void add(struct problem_list *list, const struct problem_place *place, const char *key, const char *format,
		va_list arguments)
{
	char message[MESSAGE_BYTES_MAX];
	vsnprintf(message, sizeof(message), format, arguments);
	char *copy = strdup(message);
	struct problem *problem = copy ? append(list) : NULL;
	if (!problem) {
		free(copy);
		list->omitted++;
		return;
	}
	problem->message = copy;
	problem->key = key ? strdup(key) : NULL;
	if (!place)
		return;
	problem->file = place->file ? strdup(place->file) : NULL;
	problem->line = place->line;
	problem->column = place->column;
	if (place->text)
		problem->source_line =
			source_line_copy(&problem->caret, place->text, place->text_length, place->line, place->column);
}

void problem_add_at(struct problem_list *list, const struct problem_place *place, const char *key, const char *format,
		    ...)
{
	va_list arguments;
	va_start(arguments, format);
	add(list, place, key, format, arguments);
	va_end(arguments);
}

void problem_add(struct problem_list *list, const char *format, ...)
{
	va_list arguments;
	va_start(arguments, format);
	add(list, NULL, NULL, format, arguments);
	va_end(arguments);
}

static void free_texts(struct problem *problem)
{
	free(problem->file);
	free(problem->source_line);
	free(problem->key);
	free(problem->message);
}

void problem_list_move(struct problem_list *list, struct problem_list *from)
{
	for (uint32_t i = 0; i < from->count; i++) {
		struct problem *slot = append(list);
		if (slot) {
			*slot = from->item[i];
		} else {
			free_texts(&from->item[i]);
			list->omitted++;
		}
	}
	list->omitted += from->omitted;
	free(from->item);
	*from = (struct problem_list){0};
}

static bool stands_before(const struct problem *a, const struct problem *b)
{
	return a->line != b->line ? a->line < b->line : a->column < b->column;
}

/* Insertion: the list is short and nearly sorted. */
void problem_list_sort(struct problem_list *list)
{
	for (uint32_t i = 1; i < list->count; i++) {
		struct problem moved = list->item[i];
		uint32_t at = i;
		for (; at > 0 && stands_before(&moved, &list->item[at - 1]); at--)
			list->item[at] = list->item[at - 1];
		list->item[at] = moved;
	}
}

void problem_list_free(struct problem_list *list)
{
	for (uint32_t i = 0; i < list->count; i++)
		free_texts(&list->item[i]);
	free(list->item);
	*list = (struct problem_list){0};
}

/* A list that is not full lost them when memory ended. */
static const char *words_of_omitted(const struct problem_list *list)
{
	return list->count < PROBLEMS_MAX ? "and %u more that there was no memory to tell: make some free, try again"
					  : "and %u more";
}

void problem_list_print(const struct problem_list *list, FILE *out)
{
	for (uint32_t i = 0; i < list->count; i++) {
		const struct problem *problem = &list->item[i];
		if (problem->file)
			fprintf(out, "%s:", problem->file);
		if (problem->line)
			fprintf(out, "%u:%u:", problem->line, problem->column);
		if (problem->file || problem->line)
			fputc(' ', out);
		if (problem->key)
			fprintf(out, "%s: ", problem->key);
		fprintf(out, "%s\n", problem->message);
		if (problem->source_line)
			source_line_print(out, problem->source_line, problem->caret);
	}
	if (list->omitted) {
		fprintf(out, words_of_omitted(list), list->omitted);
		fputc('\n', out);
	}
}

static int set_text(json_t *object, const char *name, const char *text)
{
	if (!text)
		return 0;
	json_t *value = json_string(text);
	/* A line of a document that is not UTF-8 cannot be quoted in JSON. */
	return value ? json_object_set_new(object, name, value) : 0;
}

static json_t *problem_to_json(const struct problem *problem)
{
	json_t *object = json_object();
	if (!object)
		return NULL;
	int failed = set_text(object, "file", problem->file);
	if (problem->line) {
		failed |= json_object_set_new(object, "line", json_integer(problem->line));
		failed |= json_object_set_new(object, "column", json_integer(problem->column));
	}
	failed |= set_text(object, "key", problem->key);
	failed |= set_text(object, "message", problem->message);
	failed |= set_text(object, "source", problem->source_line);
	if (problem->source_line)
		failed |= json_object_set_new(object, "caret", json_integer(problem->caret));
	if (failed) {
		json_decref(object);
		return NULL;
	}
	return object;
}

json_t *problem_list_to_json(const struct problem_list *list)
{
	json_t *array = json_array();
	for (uint32_t i = 0; array && i < list->count; i++) {
		if (json_array_append_new(array, problem_to_json(&list->item[i])) != 0) {
			json_decref(array);
			return NULL;
		}
	}
	return array;
}
