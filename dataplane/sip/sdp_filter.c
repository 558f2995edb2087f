#include "sdp_filter.h"

#include "lexis.h"
#include "sdp_codec.h"
#include "sdp_kind.h"
#include "sdp_memory.h"
#include "sdp_parse.h"

/* What is known of a payload type in a section. */
enum type_flag {
	TYPE_LISTED = 1, /* in the m= line */
	TYPE_KEPT = 2,	 /* its codec may stay */
	TYPE_CHOICE = 4, /* its codec is no event */
	TYPE_MAPPED = 8, /* it had an a=rtpmap */
	TYPE_USED = 16,	 /* an attribute stayed or went by TYPE_KEPT */
};

/* One in the m= line, and where it ends there. */
struct listed_type {
	uint16_t end; /* counted from the start of the formats */
	uint8_t type;
};

/* An m= line with its attributes. */
struct section {
	struct sdp_media media;
	struct sdp_kind kind;
	bool is_filtered;
	bool is_settled; /* nothing was decided otherwise than all of the section would have it */
	struct edit_list_mark mark;
	const char *removed; /* to be removed up to `removed_end`; not yet in the list, as more may follow at once */
	const char *removed_end;
	uint32_t listed_count;
	uint8_t types[SDP_TYPE_COUNT]; /* enum type_flag */
	struct listed_type listed[SDP_TYPE_COUNT];
};

static void replace(struct sdp_filter *filter, const char *from, const char *to, struct span text)
{
	edit_list_replace(filter->edits, (struct slice){(uint16_t)(from - filter->message), (uint16_t)(to - from)},
			  text);
}

static void flush_removal(struct sdp_filter *filter, struct section *section)
{
	if (section->removed != section->removed_end)
		replace(filter, section->removed, section->removed_end, (struct span){0});
	section->removed = section->removed_end;
}

/* What touches the removal before makes it longer. */
static void remove_bytes(struct sdp_filter *filter, struct section *section, const char *from, const char *to)
{
	if (from != section->removed_end) {
		flush_removal(filter, section);
		section->removed = from;
	}
	section->removed_end = to;
}

static uint8_t judge_codec(const struct section *section, enum codec codec)
{
	return (uint8_t)(sdp_kind_keeps(&section->kind, codec) * TYPE_KEPT |
			 sdp_kind_is_choice(&section->kind, codec) * TYPE_CHOICE);
}

/* From an a=rtpmap. All that are there for a type have to allow it: which one a receiver goes by is not known. */
static void learn_codec(struct section *section, uint32_t type, enum codec codec)
{
	uint8_t before = section->types[type], judged = judge_codec(section, codec);
	if (before & TYPE_MAPPED)
		judged &= before;
	section->types[type] = (uint8_t)((before & TYPE_LISTED) | judged | TYPE_MAPPED);
	if ((before & TYPE_USED) && ((before ^ judged) & TYPE_KEPT))
		section->is_settled = false;
}

/* Result: false when a format is no payload type, or they are more than there are types. */
static bool read_types(struct section *section)
{
	const char *formats = section->media.formats.at, *at = formats, *end = at + section->media.formats.length;
	uint32_t type, count = 0;
	while ((at = sdp_parse_type(&type, at, end)) != NULL && count < SDP_TYPE_COUNT) {
		section->types[type] = TYPE_LISTED | judge_codec(section, codec_of_static_type(type));
		section->listed[count++] = (struct listed_type){(uint16_t)(at - formats), (uint8_t)type};
		section->listed_count = count;
		if (at == end)
			return true;
		while (*at == ' ')
			at++;
	}
	return false;
}

static bool is_kind(struct span media, struct span kind, uint64_t allowed, uint64_t set)
{
	return sdp_kind_is_restricted(allowed, set) && (span_equals(media, kind) || span_equals_nocase(media, kind));
}

/* Result: false when it is no m= line, or one that cannot be filtered. */
static bool begin_section(struct section *section, struct sdp_filter *filter, uint32_t *count, struct span line)
{
	struct sdp_media *media = &section->media;
	section->is_filtered = false;
	if (!sdp_parse_media(media, count, line))
		return false;
	if (media->port == 0)
		return true;
	bool is_audio = is_kind(media->media, SPAN_LITERAL("audio"), filter->allowed, codec_set_audio);
	bool is_video = is_kind(media->media, SPAN_LITERAL("video"), filter->allowed, codec_set_video);
	if ((!is_audio && !is_video) || !sdp_parse_is_rtp(media->protocol)) {
		filter->left_count++;
		return true;
	}
	section->kind = sdp_kind_make(filter->allowed, is_audio ? codec_set_audio : codec_set_video,
				      is_audio ? CODEC_AUDIO_OTHER : CODEC_VIDEO_OTHER);
	section->is_filtered = section->is_settled = true;
	section->mark = edit_list_mark(filter->edits);
	section->removed = section->removed_end = NULL;
	memset(section->types, 0, sizeof(section->types));
	return read_types(section);
}

/* A line whose letter is 'a'; `next` is where the line behind it begins. */
static inline __attribute__((always_inline)) void take_attribute(struct sdp_filter *filter, struct section *section,
								 struct span line, const char *next)
{
	struct sdp_type_attribute attribute;
	if (!sdp_parse_type_attribute(&attribute, line) || !(section->types[attribute.type] & TYPE_LISTED))
		return;
	if (attribute.is_map && attribute.value.length)
		learn_codec(section, attribute.type, sdp_codec_of_map(attribute.type, attribute.value));
	section->types[attribute.type] |= TYPE_USED;
	if (!(section->types[attribute.type] & TYPE_KEPT))
		remove_bytes(filter, section, line.at, next);
}

/* Again from behind the m= line to `end`, with the codecs of all types known. */
static void walk_again(struct sdp_filter *filter, struct section *section, const char *end)
{
	const char *from = section->media.line.at + section->media.line.length;
	struct line_read lines;
	struct span line;
	edit_list_withdraw(filter->edits, section->mark);
	section->removed = section->removed_end = NULL;
	line_read_begin(&lines, span_make(from, (size_t)(end - from)));
	while (sdp_parse_line(&line, &lines))
		if (*line.at == 'a')
			take_attribute(filter, section, line, lines.next);
}

/* Each type goes with the spaces before it. */
static void remove_types(struct sdp_filter *filter, struct section *section)
{
	const char *before = section->media.protocol.at + section->media.protocol.length;
	for (uint32_t i = 0; i < section->listed_count; i++) {
		const char *end = section->media.formats.at + section->listed[i].end;
		if (!(section->types[section->listed[i].type] & TYPE_KEPT))
			remove_bytes(filter, section, before, end);
		before = end;
	}
	flush_removal(filter, section);
}

/* Refused as an answer refuses a stream, which is what an offer may say too (RFC 3264 5.1, 6): port 0, all else stays.
 */
static void refuse_section(struct sdp_filter *filter, struct section *section)
{
	struct span ports = section->media.ports;
	edit_list_withdraw(filter->edits, section->mark);
	replace(filter, ports.at, ports.at + ports.length, SPAN_LITERAL("0"));
}

/* Is there a codec that stays? */
static bool has_choice(const struct section *section)
{
	const uint8_t wanted = TYPE_KEPT | TYPE_CHOICE;
	bool found = false;
	for (uint32_t i = 0; i < section->listed_count; i++)
		found |= (section->types[section->listed[i].type] & wanted) == wanted;
	return found;
}

/* `types_from`: the first edit of the m= line, the last ones of the list and the first ones of the section. */
static void keep_section(struct sdp_filter *filter, const struct section *section, uint32_t types_from, const char *end)
{
	const struct edit_list *edits = filter->edits;
	const char *line = section->media.section.at;
	struct sdp_memory_key key;

	if (!filter->memory || edits->overflowed ||
	    !sdp_memory_key_make(&key, span_make(line, (size_t)(end - line)), filter->allowed))
		return;
	struct sdp_memory_section *kept = sdp_memory_begin(filter->memory, &key);
	uint32_t count = edits->count - section->mark.count, start = (uint32_t)(key.text.at - filter->message);
	for (uint32_t i = 0, at = types_from; kept && i < count; i++, at++) {
		const struct edit *edit = &edits->edit[at < edits->count ? at : at - count];
		sdp_memory_add_cut(kept, (struct slice){(uint16_t)(edit->offset - start), edit->removed});
	}
}

static void end_filtered(struct sdp_filter *filter, struct section *section, const char *end)
{
	if (!has_choice(section)) {
		refuse_section(filter, section);
		return;
	}
	if (!section->is_settled)
		walk_again(filter, section, end);
	flush_removal(filter, section);
	uint32_t types_from = filter->edits->count;
	remove_types(filter, section);
	filter->left_count++;
	keep_section(filter, section, types_from, end);
}

/* The section goes up to `end`. */
static inline void end_section(struct sdp_filter *filter, struct section *section, const char *end)
{
	if (section->is_filtered)
		end_filtered(filter, section, end);
}

static inline bool begins_with(struct span line, const char two[3])
{
	return line.length >= 2 && memcmp(line.at, two, 2) == 0;
}

static inline struct span cut_return(struct span line)
{
	line.length -= line.at[line.length - 1] == '\r';
	return line;
}

/* A line up to its end, with or without a CR; `next` is where the line behind it begins. Result: false when it is an m=
 * line, and one that cannot be filtered. */
static inline bool take_line(struct sdp_filter *filter, struct section *section, uint32_t *count, struct span line,
			     const char *next)
{
	if (begins_with(line, "a=")) {
		if (section->is_filtered)
			take_attribute(filter, section, cut_return(line), next);
		return true;
	}
	if (!begins_with(line, "m="))
		return true;
	end_section(filter, section, line.at);
	return begin_section(section, filter, count, cut_return(line));
}

/* `text` begins with an m= line. Result: the end of its section when that is remembered, and what had to be done is
 * done; else NULL. */
static const char *recall_section(struct sdp_filter *filter, struct section *section, uint32_t *count, struct span text)
{
	struct sdp_memory_key key;
	if (!filter->memory || *count == SDP_MEDIA_MAX || !sdp_memory_key_make(&key, text, filter->allowed))
		return NULL;
	/* First: it is remembered as well, perhaps in the place of what would have been found. */
	end_section(filter, section, text.at);
	section->is_filtered = false;
	const struct sdp_memory_section *known = sdp_memory_find(filter->memory, &key);
	if (!known)
		return NULL;
	for (uint32_t i = 0; i < known->cut_count; i++) {
		const char *from = key.text.at + known->cut[i].offset;
		replace(filter, from, from + known->cut[i].length, (struct span){0});
	}
	filter->left_count++;
	++*count;
	return key.text.at + known->length;
}

/* Walks the lines of `text`. Result: where the next m= line begins, or the end; NULL: the first one is an m= line that
 * cannot be filtered. */
static const char *walk_section(struct sdp_filter *filter, struct section *section, uint32_t *count, struct span text)
{
	struct line_read lines;
	const char *line = text.at, *end = text.at + text.length;

	line_read_begin(&lines, text);
	do {
		const char *feed = line_read_more(&lines) ? line_read_feed(&lines) : NULL;
		const char *line_end = feed ? feed : end, *next = feed ? feed + 1 : end;
		if (!take_line(filter, section, count, lexis_span(line, line_end), next))
			return NULL;
		line = next;
	} while (line < end && !begins_with(lexis_span(line, end), "m="));
	return line;
}

static bool is_sdp(struct span text)
{
	struct line_read lines;

	return span_starts_with(text, SPAN_LITERAL("v=0\r\n")) || sdp_parse_begin(&lines, text);
}

bool sdp_filter(struct sdp_filter *filter, struct span text)
{
	struct section section;
	uint32_t count = 0;

	section.is_filtered = false;
	if (!is_sdp(text))
		return false;
	/* Nothing is taken out of the lines before the first section, whatever they are. */
	const char *line = sdp_parse_find_media(text), *end = text.at + text.length;
	while (line < end) {
		struct span rest = lexis_span(line, end);
		const char *known_end = recall_section(filter, &section, &count, rest);
		line = known_end ? known_end : walk_section(filter, &section, &count, rest);
		if (!line)
			return false;
	}
	end_section(filter, &section, end);
	return true;
}
