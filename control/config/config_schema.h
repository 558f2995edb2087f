/*
 * config_schema.h - the rows of config_schema.def and config_interface.def as tables, and how a text becomes a value by
 * its row.
 */
#ifndef AMITY_CONFIG_SCHEMA_H
#define AMITY_CONFIG_SCHEMA_H

#include "config.h"
#include "span.h"

enum config_type {
	CONFIG_TYPE_NUMBER,
	CONFIG_TYPE_TEXT,
	CONFIG_TYPE_WORD,
	CONFIG_TYPE_CPUS,
	CONFIG_TYPE_ADDRESSES,
	CONFIG_TYPE_PEERS,
	CONFIG_TYPE_LATER,
};

struct config_item {
	const char *key;
	enum config_type type;
	size_t offset; /* in struct config, or struct config_interface */
	size_t size;   /* of texts, with the NUL */
	uint32_t least, most;
	const char *words;
	const char *initial; /* text of the default */
	const char *unit;
	const char *help;
};

struct config_schema {
	const struct config_item *item;
	size_t count;
};

extern const struct config_schema config_schema_node;
extern const struct config_schema config_schema_interface;

/* Result: NULL when there is no such key. */
const struct config_item *config_schema_find(const struct config_schema *schema, struct span key);

#define CONFIG_ERROR_BYTES_MAX 256

/* Writes the value of `text` at `base` + offset. Result: false when it does not fit the row; `error` says why. */
bool config_schema_set(void *base, const struct config_item *item, struct span text,
		       char error[CONFIG_ERROR_BYTES_MAX]);

/* Every item of the schema to its default. */
void config_schema_set_defaults(void *base, const struct config_schema *schema);

#endif
