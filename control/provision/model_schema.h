/*
 * model_schema.h - the keys of a provisioning document as rows: name, type, format, range, default, unit, where its
 * value is kept.
 *
 * Reading (model_read.c), exporting (model_export.c) and comparing (model_compare.c) walk these rows; a new key is a
 * new row and a member of its struct in model.h.
 */
#ifndef AMITY_MODEL_SCHEMA_H
#define AMITY_MODEL_SCHEMA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum model_schema_type {
	MODEL_SCHEMA_TEXT,    /* struct model_text; least, most: bytes */
	MODEL_SCHEMA_INTEGER, /* struct model_number; least, most, fallback: values */
	MODEL_SCHEMA_BOOL,    /* struct model_number */
	MODEL_SCHEMA_CHOICE,  /* struct model_number: index into `choice` */
	MODEL_SCHEMA_TEXTS,   /* struct model_texts; least, most: bytes of each */
	MODEL_SCHEMA_OBJECT,  /* the struct of `child`, in place */
	MODEL_SCHEMA_OBJECTS, /* struct model_list of the struct of `child` */
};

struct model_schema;
struct model_text;

struct model_schema_row {
	const char *key;
	uint8_t type;	/* enum model_schema_type */
	uint8_t format; /* enum text_format, for texts */
	bool mandatory;
	uint16_t offset; /* of the member in the struct */
	int64_t least, most, fallback;
	const struct model_text *fallback_text; /* of a list of texts: its only entry; NULL: empty */
	uint16_t count_most;			/* of lists: elements; 0: as many as there are */
	const char *unit;			/* of an integer; NULL: a plain count or rank */
	const struct model_schema *child;	/* of objects */
	const char *const *choice;		/* NULL-terminated */
	const char *help; /* what it means, in one line, without range and default that the row has */
};

struct model_schema {
	const char *what; /* "a friend" */
	size_t size;
	bool one_of;	/* exactly one of the keys must be there */
	bool is_inline; /* exported on one line */
	uint32_t row_count;
	const struct model_schema_row *row; /* row[0] names the object where objects have names */
};

extern const struct model_schema model_schema_document;
extern const struct model_schema model_schema_carrier;
extern const struct model_schema model_schema_company;
extern const struct model_schema model_schema_user;
extern const struct model_schema model_schema_friend;
extern const struct model_schema model_schema_extension;
extern const struct model_schema model_schema_ddi;
extern const struct model_schema model_schema_acl;

#endif
