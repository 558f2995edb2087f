#include "codec_text.h"

#include <stdio.h>

#include "codec.h"
#include "near_word.h"

/* What PBXes and people call them, without the dots. */
static const struct other_name {
	struct span name, meant;
} other_names[] = {
	{SPAN_LITERAL("alaw"), SPAN_LITERAL("PCMA")},
	{SPAN_LITERAL("ulaw"), SPAN_LITERAL("PCMU")},
	{SPAN_LITERAL("mulaw"), SPAN_LITERAL("PCMU")},
	{SPAN_LITERAL("G711"), SPAN_LITERAL("PCMA (A-law) or PCMU (mu-law)")},
	{SPAN_LITERAL("G711a"), SPAN_LITERAL("PCMA")},
	{SPAN_LITERAL("G711u"), SPAN_LITERAL("PCMU")},
	{SPAN_LITERAL("G711-alaw"), SPAN_LITERAL("PCMA")},
	{SPAN_LITERAL("G711-ulaw"), SPAN_LITERAL("PCMU")},
	{SPAN_LITERAL("G7231"), SPAN_LITERAL("G723")},
	{SPAN_LITERAL("G726"), SPAN_LITERAL("G726-32")},
	{SPAN_LITERAL("slin"), SPAN_LITERAL("L16")},
	{SPAN_LITERAL("DTMF"), SPAN_LITERAL("telephone-event")},
	{SPAN_LITERAL("RFC2833"), SPAN_LITERAL("telephone-event")},
	{SPAN_LITERAL("RFC4733"), SPAN_LITERAL("telephone-event")},
};

struct span codec_text_spell(struct span name)
{
	enum codec codec = codec_find(name);
	return codec == CODEC_COUNT ? name : codec_rows[codec].name;
}

static bool is_other_name(const struct other_name *other, struct span name)
{
	char plain[NEAR_WORD_BYTES_MAX];
	uint32_t length = 0;
	for (uint32_t i = 0; i < name.length && length < sizeof(plain); i++)
		if (name.at[i] != '.')
			plain[length++] = name.at[i];
	return span_equals_nocase(span_make(plain, length), other->name);
}

/* Result: empty when nothing is near. */
static struct span find_meant(struct span name)
{
	for (size_t i = 0; i < sizeof(other_names) / sizeof(other_names[0]); i++)
		if (is_other_name(&other_names[i], name))
			return other_names[i].meant;
	struct span meant = {0};
	struct near_word near;
	near_word_begin(&near, name);
	for (uint32_t i = 0; i < CODEC_ROW_COUNT; i++)
		if (near_word_offer(&near, codec_rows[i].name))
			meant = codec_rows[i].name;
	return meant;
}

bool codec_text_check(struct span name, char *why, size_t size)
{
	if (codec_find(name) != CODEC_COUNT)
		return true;
	struct span meant = find_meant(name);
	if (meant.length > 0)
		snprintf(why, size, "is no known codec: did you mean " SPAN_FORMAT "?", SPAN_ARGUMENTS(meant));
	else
		snprintf(why, size,
			 "is no known codec: names are those of RTP, such as PCMA, PCMU, G722, G729, opus, H264; "
			 "amity-provisioning(5) lists them all");
	return false;
}
