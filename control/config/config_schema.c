#include "config_schema.h"

#include <ctype.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "ctl_wire.h"

#define OWNER struct config
#define CONFIG_NUMBER(key, member, least, most, initial, unit, help)                                                   \
	{key, CONFIG_TYPE_NUMBER, offsetof(OWNER, member), 0, least, most, NULL, initial, unit, help},
#define CONFIG_TEXT(key, member, initial, help)                                                                        \
	{key, CONFIG_TYPE_TEXT, offsetof(OWNER, member), sizeof(((OWNER *)0)->member), 0, 0, NULL, initial, "", help},
#define CONFIG_WORD(key, member, words, initial, help)                                                                 \
	{key, CONFIG_TYPE_WORD, offsetof(OWNER, member), 0, 0, 0, words, initial, "", help},
#define CONFIG_CPUS(key, member, initial, help)                                                                        \
	{key, CONFIG_TYPE_CPUS, offsetof(OWNER, member), 0, 0, 0, NULL, initial, "", help},
#define CONFIG_LATER(key, help)	    {key, CONFIG_TYPE_LATER, 0, 0, 0, 0, NULL, NULL, "", help},
#define CONFIG_ADDRESSES(key, help) {key, CONFIG_TYPE_ADDRESSES, 0, 0, 0, 0, NULL, NULL, "", help},
#define CONFIG_PEERS(key, help)	    {key, CONFIG_TYPE_PEERS, 0, 0, 0, 0, NULL, NULL, "", help},

static const struct config_item node_items[] = {
#include "config_schema.def"
};

#undef OWNER
#define OWNER struct config_interface
static const struct config_item interface_items[] = {
#include "config_interface.def"
};

const struct config_schema config_schema_node = {node_items, sizeof(node_items) / sizeof(node_items[0])};
const struct config_schema config_schema_interface = {interface_items,
						      sizeof(interface_items) / sizeof(interface_items[0])};

const struct config_item *config_schema_find(const struct config_schema *schema, struct span key)
{
	for (size_t i = 0; i < schema->count; i++)
		if (span_equals(key, span_of_text(schema->item[i].key)))
			return &schema->item[i];
	return NULL;
}

static bool read_number(uint32_t *number, struct span text)
{
	uint64_t value = 0;
	if (text.length == 0 || text.length > 10)
		return false;
	for (uint32_t i = 0; i < text.length; i++) {
		if (!isdigit((unsigned char)text.at[i]))
			return false;
		value = value * 10 + (uint64_t)(text.at[i] - '0');
	}
	if (value > UINT32_MAX)
		return false;
	*number = (uint32_t)value;
	return true;
}

static bool set_number(uint32_t *number, const struct config_item *item, struct span text, char *error)
{
	uint32_t value;
	if (!read_number(&value, text) || value < item->least || value > item->most) {
		snprintf(error, CONFIG_ERROR_BYTES_MAX, "\"" SPAN_FORMAT "\" is not a number from %u to %u%s%s",
			 (int)(text.length > 40 ? 40 : text.length), text.at, item->least, item->most,
			 *item->unit ? " " : "", item->unit);
		return false;
	}
	*number = value;
	return true;
}

static bool set_word(uint32_t *number, const struct config_item *item, struct span text, char *error)
{
	uint32_t position = 0;
	for (const char *word = item->words; *word; position++) {
		size_t length = strcspn(word, " ");
		if (span_equals(text, span_make(word, length))) {
			*number = position;
			return true;
		}
		word += length + (word[length] == ' ');
	}
	snprintf(error, CONFIG_ERROR_BYTES_MAX, "\"" SPAN_FORMAT "\" is none of: %s",
		 (int)(text.length > 40 ? 40 : text.length), text.at, item->words);
	return false;
}

static bool set_text(char *value, const struct config_item *item, struct span text, char *error)
{
	if (text.length >= item->size) {
		snprintf(error, CONFIG_ERROR_BYTES_MAX, "is longer than %zu bytes", item->size - 1);
		return false;
	}
	/* What has no default may be left empty in words, too. */
	if ((text.length == 0 && *item->initial) || (text.length && memchr(text.at, '\0', text.length))) {
		snprintf(error, CONFIG_ERROR_BYTES_MAX, "must not be empty");
		return false;
	}
	if (text.length)
		memcpy(value, text.at, text.length);
	value[text.length] = '\0';
	return true;
}

/* One "5" or "1-3" of a list. */
static bool add_cpu_range(struct config_lcores *lcores, struct span range)
{
	const char *dash = range.length ? memchr(range.at, '-', range.length) : NULL;
	struct span low = dash ? span_make(range.at, (size_t)(dash - range.at)) : range;
	struct span high = dash ? span_skip(range, low.length + 1) : range;
	uint32_t first, last;

	if (!read_number(&first, low) || !read_number(&last, high) || first > last || last > UINT16_MAX)
		return false;
	for (uint32_t cpu = first; cpu <= last; cpu++) {
		if (lcores->count == LCORES_MAX)
			return false;
		lcores->cpu[lcores->count++] = (uint16_t)cpu;
	}
	return true;
}

static bool set_cpus(struct config_lcores *lcores, struct span text, char *error)
{
	struct config_lcores read = {0};
	struct span rest = text;

	if (span_equals(text, SPAN_LITERAL("auto"))) {
		lcores->count = 0;
		return true;
	}
	for (;;) {
		const char *comma = rest.length ? memchr(rest.at, ',', rest.length) : NULL;
		struct span range = comma ? span_make(rest.at, (size_t)(comma - rest.at)) : rest;
		if (!add_cpu_range(&read, span_trim(range))) {
			snprintf(error, CONFIG_ERROR_BYTES_MAX,
				 "is a list of at most %d CPUs such as \"1-3\" or \"1,2\", or \"auto\"", LCORES_MAX);
			return false;
		}
		if (!comma)
			break;
		rest = span_skip(rest, range.length + 1);
	}
	*lcores = read;
	return true;
}

bool config_schema_set(void *base, const struct config_item *item, struct span text, char error[CONFIG_ERROR_BYTES_MAX])
{
	void *member = (char *)base + item->offset;

	switch (item->type) {
	case CONFIG_TYPE_NUMBER:
		return set_number(member, item, text, error);
	case CONFIG_TYPE_TEXT:
		return set_text(member, item, text, error);
	case CONFIG_TYPE_WORD:
		return set_word(member, item, text, error);
	case CONFIG_TYPE_CPUS:
		return set_cpus(member, text, error);
	case CONFIG_TYPE_LATER:
		snprintf(error, CONFIG_ERROR_BYTES_MAX, "is not available in this build (%s): remove the key",
			 item->help);
		return false;
	case CONFIG_TYPE_ADDRESSES:
	case CONFIG_TYPE_PEERS:
		break;
	}
	snprintf(error, CONFIG_ERROR_BYTES_MAX, "is a %s, not a single value",
		 item->type == CONFIG_TYPE_PEERS ? "map of address: MAC" : "list of addresses");
	return false;
}

void config_schema_set_defaults(void *base, const struct config_schema *schema)
{
	char error[CONFIG_ERROR_BYTES_MAX];
	for (size_t i = 0; i < schema->count; i++)
		if (schema->item[i].initial && schema->item[i].initial[0])
			config_schema_set(base, &schema->item[i], span_of_text(schema->item[i].initial), error);
}
