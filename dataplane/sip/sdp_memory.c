#include "sdp_memory.h"

#include "digits.h"

#define MEDIA_BYTES	8  /* "m=audio " */
#define HASHED_FROM	9  /* behind " RTP/AVP ": the formats, mostly */
#define HASHED_BYTES	16 /* the least that a text has behind that */
#define PORT_DIGITS_MAX 5

bool sdp_memory_key_make(struct sdp_memory_key *key, struct span section, uint64_t allowed)
{
	uint64_t word;

	if (section.length < MEDIA_BYTES + PORT_DIGITS_MAX + HASHED_FROM + HASHED_BYTES ||
	    (memcmp(section.at, "m=audio ", MEDIA_BYTES) != 0 && memcmp(section.at, "m=video ", MEDIA_BYTES) != 0))
		return false;
	memcpy(&word, section.at + MEDIA_BYTES, sizeof(word));
	uint64_t others = digits_find_other(word);
	uint32_t length = others ? (uint32_t)__builtin_ctzll(others) / 8 : 0, at = MEDIA_BYTES + length;
	if (length == 0 || length > PORT_DIGITS_MAX || section.at[at] != ' ')
		return false;
	uint32_t port = digits_read(word, length);
	if (port == 0 || port > UINT16_MAX)
		return false;
	*key = (struct sdp_memory_key){span_make(section.at + at, section.length - at), allowed, section.at[2]};
	return true;
}

static uint32_t find_place(const struct sdp_memory_key *key)
{
	uint64_t first, second;

	memcpy(&first, key->text.at + HASHED_FROM, sizeof(first));
	memcpy(&second, key->text.at + HASHED_FROM + sizeof(first), sizeof(second));
	uint64_t hash = (first ^ key->allowed) * 0x9e3779b97f4a7c15ull;
	hash = (hash ^ hash >> 32 ^ second) * 0x94d049bb133111ebull;
	return (uint32_t)(hash >> 32) % SDP_MEMORY_SECTIONS;
}

/* Does the section end where its remembered text does? */
static bool ends_there(struct span text, uint32_t length)
{
	const char *end = text.at + length;

	return text.length == length ||
	       (end[-1] == '\n' && text.length - length >= 2 && end[0] == 'm' && end[1] == '=');
}

const struct sdp_memory_section *sdp_memory_find(const struct sdp_memory *memory, const struct sdp_memory_key *key)
{
	const struct sdp_memory_section *section = &memory->section[find_place(key)];
	struct span text = span_make(section->text, section->length);

	if (text.length == 0 || section->allowed != key->allowed || section->media != key->media ||
	    !span_starts_with(key->text, text) || !ends_there(key->text, text.length))
		return NULL;
	return section;
}

struct sdp_memory_section *sdp_memory_begin(struct sdp_memory *memory, const struct sdp_memory_key *key)
{
	struct sdp_memory_section *section = &memory->section[find_place(key)];

	if (key->text.length > sizeof(section->text))
		return NULL;
	section->allowed = key->allowed;
	section->media = key->media;
	section->length = (uint16_t)key->text.length;
	section->cut_count = 0;
	memcpy(section->text, key->text.at, key->text.length);
	return section;
}

void sdp_memory_add_cut(struct sdp_memory_section *section, struct slice cut)
{
	if (section->cut_count == SDP_MEMORY_CUTS_MAX)
		section->length = 0;
	else
		section->cut[section->cut_count++] = cut;
}
