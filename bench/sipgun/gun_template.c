#include "gun_template.h"

static const char *const field_names[GUN_FIELD_COUNT] = {
#define GUN_FIELD(name, text) text,
	GUN_FIELDS(GUN_FIELD)
#undef GUN_FIELD
};

static enum gun_field find_field(struct span name)
{
	for (uint32_t field = 0; field < GUN_FIELD_COUNT; field++)
		if (span_equals(name, span_of_text(field_names[field])))
			return field;
	return GUN_FIELD_NONE;
}

static bool add_text(struct gun_template *compiled, struct span text)
{
	if (text.length > GUN_TEMPLATE_BYTES_MAX - compiled->text_bytes)
		return false;
	memcpy(compiled->text + compiled->text_bytes, text.at, text.length);
	compiled->text_bytes += text.length;
	return true;
}

/* Ends the literal that began at `start`. */
static bool end_part(struct gun_template *compiled, uint32_t start, enum gun_field field)
{
	if (compiled->part_count == GUN_TEMPLATE_PARTS_MAX)
		return false;
	compiled->part[compiled->part_count++] =
		(struct gun_template_part){(uint16_t)start, (uint16_t)(compiled->text_bytes - start), (uint8_t)field};
	return true;
}

bool gun_template_build(struct gun_template *compiled, const char *text, const struct span constants[GUN_FIELD_COUNT])
{
	uint32_t start = 0;

	memset(compiled, 0, sizeof(*compiled));
	for (const char *brace; (brace = strchr(text, '{')) != NULL;) {
		const char *end = strchr(brace, '}');
		if (end == NULL || !add_text(compiled, span_make(text, (size_t)(brace - text))))
			return false;
		enum gun_field field = find_field(span_make(brace + 1, (size_t)(end - brace - 1)));
		text = end + 1;
		if (field == GUN_FIELD_NONE)
			return false;
		if (constants[field].length > 0) {
			if (!add_text(compiled, constants[field]))
				return false;
			continue;
		}
		if (!end_part(compiled, start, field))
			return false;
		start = compiled->text_bytes;
	}
	return add_text(compiled, span_of_text(text)) && end_part(compiled, start, GUN_FIELD_NONE);
}

/* Both sides have GUN_TEMPLATE_COPY bytes to spare. */
static void copy_literal(char *to, const char *from, uint32_t length)
{
	for (uint32_t i = 0; i < length; i += GUN_TEMPLATE_COPY)
		memcpy(to + i, from + i, GUN_TEMPLATE_COPY);
}

uint32_t gun_template_write(char *room, uint32_t room_bytes, const struct gun_template *compiled,
			    const struct span values[GUN_FIELD_COUNT])
{
	uint32_t used = 0;

	for (uint32_t i = 0; i < compiled->part_count; i++) {
		const struct gun_template_part *part = &compiled->part[i];
		struct span value = part->field == GUN_FIELD_NONE ? (struct span){0} : values[part->field];
		if (used + part->length + value.length + GUN_TEMPLATE_COPY > room_bytes)
			return 0;
		copy_literal(room + used, compiled->text + part->start, part->length);
		used += part->length;
		if (value.length > 0)
			memcpy(room + used, value.at, value.length);
		used += value.length;
	}
	return used;
}
