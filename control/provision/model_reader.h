/*
 * model_reader.h - the events of a YAML document one after the other, with places for people. Inner part of
 * model_read.c.
 *
 * Thread: each reader belongs to one thread.
 */
#ifndef AMITY_MODEL_READER_H
#define AMITY_MODEL_READER_H

#include <libfyaml.h>

#include "model.h"
#include "problem.h"
#include "status.h"

struct model_reader {
	struct fy_parser *parser;
	struct fy_event *event;	 /* the current one; NULL: the document ended or is not YAML */
	struct model_place last; /* of the newest event that had one: where the parser got to */
	struct model *model;
	struct problem_list *problems;
	const char *file_name;
	struct span text;
	enum status status; /* not OK: memory ended */
};

struct model_scalar {
	struct span text; /* valid until the next event */
	bool is_plain;	  /* without quotes */
};

/* Where an event stands. Empty values have no token of their own: they stand where `otherwise` says. */
struct model_place model_reader_place(const struct fy_event *event, struct model_place otherwise);

/* A problem of the document; `key` may be NULL. */
void model_reader_report(const struct model_reader *reader, struct model_place at, const char *key, const char *format,
			 ...) __attribute__((format(printf, 4, 5)));

/* To the next event. Result: false when there is none. */
bool model_reader_advance(struct model_reader *reader);

/* From the first event of a value to its last. */
void model_reader_skip(struct model_reader *reader);

/* "a list" and so on. */
const char *model_reader_words(const struct fy_event *event);

bool model_reader_is_tagged(const struct fy_event *event);

/* Refuses what no value may be, whatever its key wants. Result: false when reported. */
bool model_reader_check(struct model_reader *reader, const char *key, struct model_place place);

/* Of the current event, which is a scalar. */
struct model_scalar model_reader_scalar(struct model_reader *reader);

/* YAML's null: nothing, ~ or null without quotes. */
bool model_reader_is_null(const struct model_scalar *scalar);

/* Result: false when the value is none or of another kind than `wanted` says, and reported. */
bool model_reader_take_scalar(struct model_scalar *scalar, struct model_reader *reader, const char *key,
			      struct model_place place, const char *wanted);

#endif
