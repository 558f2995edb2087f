#include "sdp_model.h"

#include <stdlib.h>
#include <strings.h>

#include "codec.h"
#include "must.h"

#define TYPES	  128
#define MEDIA_MAX 16

struct line {
	struct span whole; /* with its end */
	struct span text;
};

struct model {
	struct line *lines;
	uint32_t line_count;
	uint64_t allowed;
	uint32_t media_count, open_count, left_count;
	char *out;
	uint32_t length;
};

static void put(struct model *model, struct span text)
{
	if (text.length)
		memcpy(model->out + model->length, text.at, text.length);
	model->length += text.length;
}

static void split_lines(struct model *model, struct span text)
{
	model->lines = malloc((text.length + 1) * sizeof(*model->lines));
	must(model->lines != NULL);
	for (uint32_t from = 0, at = 0; at < text.length; at++) {
		bool is_feed = text.at[at] == '\n';
		if (!is_feed && at + 1 < text.length)
			continue;
		uint32_t end = is_feed ? at : at + 1;
		if (end > from && text.at[end - 1] == '\r')
			end--;
		model->lines[model->line_count++] = (struct line){.whole = span_make(text.at + from, at + 1 - from),
								  .text = span_make(text.at + from, end - from)};
		from = at + 1;
	}
}

/* The n-th word between single or several spaces. */
static struct span word(struct span text, uint32_t n)
{
	uint32_t at = 0;
	for (uint32_t i = 0;; i++) {
		uint32_t from = at;
		while (at < text.length && text.at[at] != ' ')
			at++;
		if (i == n)
			return span_make(text.at + from, at - from);
		while (at < text.length && text.at[at] == ' ')
			at++;
	}
}

/* Result: -1 when it is no number, or one above `greatest`. */
static int number_of(struct span text, int greatest)
{
	long value = 0;
	if (text.length == 0)
		return -1;
	for (uint32_t i = 0; i < text.length; i++) {
		if (text.at[i] < '0' || text.at[i] > '9')
			return -1;
		value = value * 10 + (text.at[i] - '0');
		if (value > greatest)
			return -1;
	}
	return (int)value;
}

static int type_of(struct span text)
{
	return text.length <= 3 ? number_of(text, TYPES - 1) : -1;
}

static bool is_blank(char byte)
{
	return byte == ' ' || byte == '\t';
}

/* Of "HEAD TYPE VALUE": the type, or -1. */
static int attribute_type(struct span *value, struct span line, const char *head)
{
	uint32_t at = (uint32_t)strlen(head), from;
	if (line.length < at || memcmp(line.at, head, at) != 0)
		return -1;
	while (at < line.length && is_blank(line.at[at]))
		at++;
	for (from = at; at < line.length && !is_blank(line.at[at]);)
		at++;
	int type = type_of(span_make(line.at + from, at - from));
	while (at < line.length && is_blank(line.at[at]))
		at++;
	*value = span_make(line.at + at, line.length - at);
	return type;
}

static bool is_letter(struct span line, char letter)
{
	return line.length >= 2 && line.at[0] == letter && line.at[1] == '=';
}

/* ---- one section: lines [first, end), the first of them m= ---- */

struct part {
	uint32_t first, end;
	bool is_audio;
};

static int codec_by_name(struct span name)
{
	for (int i = 0; i < CODEC_ROW_COUNT; i++)
		if (name.length == codec_rows[i].name.length &&
		    strncasecmp(name.at, codec_rows[i].name.at, name.length) == 0)
			return i;
	return -1;
}

static int codec_by_type(int type)
{
	static const struct {
		int type;
		int codec;
	} rows[] = {
#define CODEC_PAYLOAD_TYPE(type, name) {type, CODEC_##name},
#include "codecs.def"
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (rows[i].type == type)
			return rows[i].codec;
	return -1;
}

static bool is_event(int codec)
{
	return codec >= 0 && codec_rows[codec].media == CODEC_MEDIA_EVENT;
}

static bool is_codec_allowed(const struct model *model, const struct part *part, int codec)
{
	enum codec_media kind = part->is_audio ? CODEC_MEDIA_AUDIO : CODEC_MEDIA_VIDEO;
	int other = part->is_audio ? CODEC_AUDIO_OTHER : CODEC_VIDEO_OTHER;
	if (is_event(codec))
		return true;
	if (codec < 0 || codec_rows[codec].media != kind)
		codec = other;
	return (model->allowed & UINT64_C(1) << codec) != 0;
}

/* May the type stay? *is_choice: as a codec. */
static bool is_type_kept(bool *is_choice, const struct model *model, const struct part *part, int type)
{
	bool kept = true, mapped = false;
	*is_choice = true;
	for (uint32_t i = part->first + 1; i < part->end; i++) {
		struct span value;
		if (attribute_type(&value, model->lines[i].text, "a=rtpmap:") != type || value.length == 0)
			continue;
		uint32_t length = 0;
		while (length < value.length && value.at[length] != '/')
			length++;
		int codec = codec_by_name(span_make(value.at, length));
		mapped = true;
		kept = kept && is_codec_allowed(model, part, codec);
		*is_choice = *is_choice && !is_event(codec);
	}
	if (mapped)
		return kept;
	*is_choice = !is_event(codec_by_type(type));
	return is_codec_allowed(model, part, codec_by_type(type));
}

struct media_line {
	struct span line, media, ports, protocol, formats;
	int port;
};

static bool read_media(struct media_line *media, struct span line)
{
	media->line = line;
	media->media = word(line, 0);
	media->ports = word(line, 1);
	media->protocol = word(line, 2);
	const char *formats = word(line, 3).at;
	media->formats = span_trim(span_make(formats, (size_t)(line.at + line.length - formats)));
	uint32_t length = 0;
	while (length < media->ports.length && media->ports.at[length] != '/')
		length++;
	media->port = number_of(span_make(media->ports.at, length), 65535);
	return media->media.length && media->port >= 0 && media->protocol.length && media->formats.length;
}

static bool is_word(struct span text, const char *word_text)
{
	return text.length == strlen(word_text) && strncasecmp(text.at, word_text, text.length) == 0;
}

static bool is_rtp(struct span protocol)
{
	for (uint32_t from = 0, at = 0; at <= protocol.length; at++) {
		if (at < protocol.length && protocol.at[at] != '/')
			continue;
		if (is_word(span_make(protocol.at + from, at - from), "RTP"))
			return true;
		from = at + 1;
	}
	return false;
}

/* Reads the listed types. Result: how many, -1 when one is none. */
static int read_listed(int listed[TYPES], struct span formats)
{
	int count = 0;
	for (uint32_t n = 0;; n++) {
		struct span text = word(formats, n);
		if (text.length == 0)
			return count;
		if (count == TYPES || type_of(text) < 0)
			return -1;
		listed[count++] = type_of(text);
	}
}

static bool is_restricted(const struct model *model, const struct media_line *media)
{
	uint64_t set = is_word(media->media, "audio")	? codec_set_audio
		       : is_word(media->media, "video") ? codec_set_video
							: 0;
	return set && (model->allowed & set) != set && is_rtp(media->protocol);
}

static void put_media(struct model *model, const struct media_line *media, const bool kept[TYPES])
{
	struct span line = media->line, formats = media->formats;
	put(model, span_make(line.at, (size_t)(media->protocol.at + media->protocol.length - line.at)));
	const char *from = media->protocol.at + media->protocol.length;
	for (uint32_t n = 0; word(formats, n).length; n++) {
		struct span text = word(formats, n);
		if (kept[type_of(text)])
			put(model, span_make(from, (size_t)(text.at + text.length - from)));
		from = text.at + text.length;
	}
	put(model, span_make(from, (size_t)(line.at + line.length - from)));
}

static void put_attributes(struct model *model, const struct part *part, const bool listed[TYPES],
			   const bool kept[TYPES])
{
	static const char *const names[] = {"a=rtpmap:", "a=fmtp:", "a=rtcp-fb:", "a=imageattr:"};
	for (uint32_t i = part->first + 1; i < part->end; i++) {
		bool removed = false;
		for (int n = 0; n < 4; n++) {
			struct span value;
			int type = attribute_type(&value, model->lines[i].text, names[n]);
			removed = removed || (type >= 0 && listed[type] && !kept[type]);
		}
		if (!removed)
			put(model, model->lines[i].whole);
	}
}

static void put_as_it_is(struct model *model, uint32_t first, uint32_t end)
{
	for (uint32_t i = first; i < end; i++)
		put(model, model->lines[i].whole);
}

static void put_refused(struct model *model, const struct part *part, const struct media_line *media)
{
	struct span whole = model->lines[part->first].whole;
	const char *behind = media->ports.at + media->ports.length;
	put(model, span_make(whole.at, (size_t)(media->ports.at - whole.at)));
	put(model, SPAN_LITERAL("0"));
	put(model, span_make(behind, (size_t)(whole.at + whole.length - behind)));
	put_as_it_is(model, part->first + 1, part->end);
}

/* Result: false when it is malformed. */
static bool filter_part(struct model *model, struct part *part)
{
	struct line *first = &model->lines[part->first];
	struct media_line media;
	int types[TYPES];
	bool listed[TYPES] = {false}, kept[TYPES] = {false}, has_choice = false, is_choice;
	if (model->media_count++ == MEDIA_MAX || !read_media(&media, span_skip(first->text, 2)))
		return false;
	model->open_count += media.port != 0;
	if (media.port == 0 || !is_restricted(model, &media)) {
		model->left_count += media.port != 0;
		put_as_it_is(model, part->first, part->end);
		return true;
	}
	part->is_audio = is_word(media.media, "audio");
	int count = read_listed(types, media.formats);
	if (count < 0)
		return false;
	for (int i = 0; i < count; i++) {
		listed[types[i]] = true;
		kept[types[i]] = is_type_kept(&is_choice, model, part, types[i]);
		has_choice = has_choice || (kept[types[i]] && is_choice);
	}
	if (!has_choice) {
		put_refused(model, part, &media);
		return true;
	}
	model->left_count++;
	put(model, SPAN_LITERAL("m="));
	put_media(model, &media, kept);
	put(model, span_skip(first->whole, first->text.length));
	put_attributes(model, part, listed, kept);
	return true;
}

static bool filter_lines(struct model *model)
{
	uint32_t at = 0;
	if (model->line_count == 0 || !span_equals(model->lines[0].text, SPAN_LITERAL("v=0")))
		return false;
	while (at < model->line_count && !is_letter(model->lines[at].text, 'm'))
		at++;
	put_as_it_is(model, 0, at);
	while (at < model->line_count) {
		struct part part = {.first = at, .end = at + 1};
		while (part.end < model->line_count && !is_letter(model->lines[part.end].text, 'm'))
			part.end++;
		if (!filter_part(model, &part))
			return false;
		at = part.end;
	}
	return true;
}

enum body_filter_result sdp_model_filter(char *out, uint32_t *length, struct span text, uint64_t allowed)
{
	struct model model = {.allowed = allowed, .out = out};
	split_lines(&model, text);
	bool is_sound = allowed == CODEC_SET_ALL || filter_lines(&model);
	free(model.lines);
	if (allowed == CODEC_SET_ALL || !is_sound) {
		memcpy(out, text.at, text.length);
		*length = text.length;
		return is_sound ? BODY_FILTER_PASSED : BODY_FILTER_MALFORMED;
	}
	*length = model.length;
	if (model.length == text.length && memcmp(out, text.at, text.length) == 0)
		return BODY_FILTER_PASSED;
	return model.left_count ? BODY_FILTER_CHANGED : BODY_FILTER_NOTHING_LEFT;
}
