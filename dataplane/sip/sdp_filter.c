#include "sdp_filter.h"

#include "codec.h"
#include "sdp_parse.h"
#include "token_name.h"

/* A payload type is a bit. */
struct type_set {
	uint64_t words[SDP_TYPE_COUNT / 64];
};

static bool type_set_has(const struct type_set *set, uint32_t type)
{
	return set->words[type / 64] >> type % 64 & 1;
}

static void type_set_put(struct type_set *set, uint32_t type, bool is_in)
{
	uint64_t bit = UINT64_C(1) << type % 64, *word = &set->words[type / 64];
	*word = is_in ? *word | bit : *word & ~bit;
}

/* An m= line with its attributes. */
struct section {
	struct sdp_media media;
	uint64_t allowed; /* codecs that may stay in it; the bit `other` stands for those without a row */
	enum codec other;
	bool is_filtered;
	bool is_settled; /* nothing was decided otherwise than the whole section would have it */
	bool is_final;	 /* the second walk: nothing more is learned */
	struct type_set listed;
	struct type_set kept;	 /* their codec may stay */
	struct type_set choices; /* their codec is no event */
	struct type_set mapped;	 /* had an a=rtpmap */
	struct type_set used;	 /* an attribute was kept or removed by `kept` */
	struct edit_list_mark mark;
	const char *removed; /* to be removed up to `removed_end`; not yet in the list, as more may follow at once */
	const char *removed_end;
};

static void replace(struct sdp_filter *filter, const char *from, const char *to, struct span text)
{
	edit_list_replace(filter->edits,
			  (struct slice){(uint16_t)(from - filter->message), (uint16_t)(to - from)}, text);
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

/* The codec of a payload type; a further one is what the types before have left: all that is said of a type must be
 * allowed, as we do not know what the receiver goes by. */
static void learn_codec(struct section *section, uint32_t type, enum codec codec)
{
	if (codec == CODEC_COUNT)
		codec = section->other;
	bool is_first = !type_set_has(&section->mapped, type), was_kept = type_set_has(&section->kept, type);
	bool is_kept = section->allowed >> codec & 1, is_choice = !(codec_set_event >> codec & 1);
	if (!is_first) {
		is_kept = is_kept && was_kept;
		is_choice = is_choice && type_set_has(&section->choices, type);
	}
	type_set_put(&section->kept, type, is_kept);
	type_set_put(&section->choices, type, is_choice);
	if (is_kept != was_kept && type_set_has(&section->used, type))
		section->is_settled = false;
}

/* Result: false when a format is no payload type. */
static bool read_types(struct section *section)
{
	struct span cursor = section->media.formats;
	uint32_t type;
	while (sdp_parse_type(&type, &cursor)) {
		type_set_put(&section->listed, type, true);
		learn_codec(section, type, codec_of_static_type(type));
	}
	return cursor.length == 0;
}

/* What is allowed in a line of `kind`. A codec of the other kind is one without a row in it: "red" of a video line. */
static uint64_t allow_kind(uint64_t allowed, uint64_t kind, enum codec other)
{
	return (allowed & kind) | codec_set_event | (allowed >> other & 1 ? ~kind : 0);
}

static bool is_kind(struct span media, struct span kind, uint64_t allowed, uint64_t set)
{
	return (allowed & set) != set && span_equals_nocase(media, kind);
}

/* Result: false when it is no m= line, or not one that can be filtered as it has to be. */
static bool begin_section(struct section *section, struct sdp_filter *filter, struct sdp_lines *lines, struct span line)
{
	struct sdp_media *media = &section->media;
	section->is_filtered = false;
	if (!sdp_parse_media(media, lines, line))
		return false;
	if (media->port == 0)
		return true;
	filter->open_count++;
	bool is_audio = is_kind(media->media, SPAN_LITERAL("audio"), filter->allowed, codec_set_audio);
	bool is_video = is_kind(media->media, SPAN_LITERAL("video"), filter->allowed, codec_set_video);
	if ((!is_audio && !is_video) || !sdp_parse_is_rtp(media->protocol)) {
		filter->left_count++;
		return true;
	}
	*section = (struct section){.media = *media,
				    .other = is_audio ? CODEC_AUDIO_OTHER : CODEC_VIDEO_OTHER,
				    .is_filtered = true,
				    .is_settled = true,
				    .mark = edit_list_mark(filter->edits)};
	section->allowed = allow_kind(filter->allowed, is_audio ? codec_set_audio : codec_set_video, section->other);
	return read_types(section);
}

/* "PCMA/8000/1", whatever is in front of the value: "a=rtpmap:8 ". */
static enum codec find_codec(struct span value)
{
	uint32_t length = 0;
	while (length < value.length && value.at[length] != '/' && value.at[length] != ' ')
		length++;
	return token_name_find_codec_behind(value.at, length);
}

/* A line whose letter is 'a'; `next` is where the line behind it begins. */
static void take_attribute(struct sdp_filter *filter, struct section *section, struct span line, const char *next)
{
	struct sdp_type_attribute attribute;
	if (!sdp_parse_type_attribute(&attribute, line) || !type_set_has(&section->listed, attribute.type))
		return;
	if (attribute.is_map && attribute.value.length && !section->is_final) {
		learn_codec(section, attribute.type, find_codec(attribute.value));
		type_set_put(&section->mapped, attribute.type, true);
	}
	type_set_put(&section->used, attribute.type, true);
	if (!type_set_has(&section->kept, attribute.type))
		remove_bytes(filter, section, line.at, next);
}

/* Again from behind the m= line to `end`, with the codecs of all types known. */
static void walk_again(struct sdp_filter *filter, struct section *section, const char *end)
{
	const char *from = section->media.line.at + section->media.line.length;
	struct sdp_lines lines = {0};
	struct span line;
	section->is_final = true;
	line_read_begin(&lines.read, span_make(from, (size_t)(end - from)));
	for (char letter; (letter = sdp_parse_line(&line, &lines)) != 0;)
		if (letter == 'a')
			take_attribute(filter, section, line, lines.read.next);
}

/* Each type goes with the spaces before it. */
static void remove_types(struct sdp_filter *filter, struct section *section)
{
	const char *before = section->media.protocol.at + section->media.protocol.length;
	struct span cursor = section->media.formats;
	for (uint32_t type; sdp_parse_type(&type, &cursor); before = cursor.at)
		if (!type_set_has(&section->kept, type))
			remove_bytes(filter, section, before, cursor.at);
	flush_removal(filter, section);
}

/* Refused as an answer refuses a stream, which is what an offer may say too (RFC 3264 5.1, 6): port 0, all else stays. */
static void refuse_section(struct sdp_filter *filter, struct section *section)
{
	struct span ports = section->media.ports;
	edit_list_withdraw(filter->edits, section->mark);
	replace(filter, ports.at, ports.at + ports.length, SPAN_LITERAL("0"));
}

/* A type that stays and is no event. */
static bool has_choice(const struct section *section)
{
	uint64_t found = 0;
	for (uint32_t i = 0; i < SDP_TYPE_COUNT / 64; i++)
		found |= section->listed.words[i] & section->kept.words[i] & section->choices.words[i];
	return found != 0;
}

/* The section goes up to `end`. */
static void end_section(struct sdp_filter *filter, struct section *section, const char *end)
{
	if (!section->is_filtered)
		return;
	if (!has_choice(section)) {
		refuse_section(filter, section);
		return;
	}
	if (!section->is_settled) {
		edit_list_withdraw(filter->edits, section->mark);
		section->removed = section->removed_end = NULL;
		walk_again(filter, section, end);
	}
	flush_removal(filter, section);
	remove_types(filter, section);
	filter->left_count++;
}

bool sdp_filter(struct sdp_filter *filter, struct span text)
{
	struct section section = {0};
	struct sdp_lines lines;
	struct span line;
	if (!sdp_parse_begin(&lines, text))
		return false;
	for (char letter; (letter = sdp_parse_line(&line, &lines)) != 0;) {
		if (letter == 'm') {
			end_section(filter, &section, line.at);
			if (!begin_section(&section, filter, &lines, line))
				return false;
		} else if (letter == 'a' && section.is_filtered) {
			take_attribute(filter, &section, line, lines.read.next);
		}
	}
	end_section(filter, &section, text.at + text.length);
	return true;
}
