/*
 * span.h - borrowed bytes.
 *
 * A span names bytes that somebody else owns (a packet, a table, a literal). It is passed by value, is never
 * NUL-terminated and stays valid only as long as its owner: on an lcore, to the end of the burst.
 */
#ifndef AMITY_SPAN_H
#define AMITY_SPAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct span {
	const char *at;
	uint32_t length;
};

/* A part of a message by position: messages are at most 65,535 bytes long, so that two uint16_t do. */
struct slice {
	uint16_t offset;
	uint16_t length;
};

#define SPAN_LITERAL(text) ((struct span){(text), sizeof(text) - 1})
#define SPAN_FORMAT	   "%.*s"
#define SPAN_ARGUMENTS(s)  (int)(s).length, (s).at

static inline struct span span_make(const char *at, size_t length)
{
	return (struct span){at, (uint32_t)length};
}

static inline struct span span_of_text(const char *text)
{
	return text ? span_make(text, strlen(text)) : (struct span){0};
}

static inline struct span span_slice(struct span whole, struct slice part)
{
	return (struct span){whole.at + part.offset, part.length};
}

static inline bool span_equals(struct span a, struct span b)
{
	/* NOLINTNEXTLINE(clang-analyzer-core.NonNullParamChecker): a span with a length has bytes */
	return a.length == b.length && (a.length == 0 || memcmp(a.at, b.at, a.length) == 0);
}

static inline char span_lower_byte(char byte)
{
	return byte >= 'A' && byte <= 'Z' ? (char)(byte | 0x20) : byte;
}

/* Of one length, from 8 on by words, the last of which may overlap the one before it; shorter ones are said to differ.
 */
static inline bool span_are_same_words(const char *a, const char *b, uint32_t length)
{
	uint64_t word_a, word_b;
	uint32_t last = length - (uint32_t)sizeof(word_a);

	if (length < sizeof(word_a))
		return false;
	for (uint32_t i = 0; i < last; i += sizeof(word_a)) {
		memcpy(&word_a, a + i, sizeof(word_a));
		memcpy(&word_b, b + i, sizeof(word_b));
		if (word_a != word_b)
			return false;
	}
	memcpy(&word_a, a + last, sizeof(word_a));
	memcpy(&word_b, b + last, sizeof(word_b));
	return word_a == word_b;
}

/* ASCII case folded, as SIP compares tokens and host names (RFC 3261 7.3.1, 19.1.4); most have the same case, too. */
static inline bool span_equals_nocase(struct span a, struct span b)
{
	if (a.length != b.length)
		return false;
	if (span_are_same_words(a.at, b.at, a.length))
		return true;
	for (uint32_t i = 0; i < a.length; i++)
		if (a.at[i] != b.at[i] && span_lower_byte(a.at[i]) != span_lower_byte(b.at[i]))
			return false;
	return true;
}

static inline bool span_starts_with(struct span s, struct span prefix)
{
	return s.length >= prefix.length && memcmp(s.at, prefix.at, prefix.length) == 0;
}

static inline struct span span_skip(struct span s, uint32_t count)
{
	count = count < s.length ? count : s.length;
	/* An absent text has no place to go on from. */
	return count ? (struct span){s.at + count, s.length - count} : s;
}

static inline struct span span_trim(struct span s)
{
	while (s.length && (*s.at == ' ' || *s.at == '\t' || *s.at == '\r' || *s.at == '\n'))
		s = span_skip(s, 1);
	while (s.length && (s.at[s.length - 1] == ' ' || s.at[s.length - 1] == '\t' || s.at[s.length - 1] == '\r' ||
			    s.at[s.length - 1] == '\n'))
		s.length--;
	return s;
}

#endif
