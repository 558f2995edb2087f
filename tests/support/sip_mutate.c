#include "sip_mutate.h"

#include "random_source.h"

#define PIECE_BYTES_MAX 40

struct mutation {
	char *bytes;
	uint32_t length, capacity;
	struct random_source random;
};

static void replace(struct mutation *mutation, uint32_t at, uint32_t cut, struct span with)
{
	if (mutation->length - cut + with.length > mutation->capacity)
		return;
	memmove(mutation->bytes + at + with.length, mutation->bytes + at + cut, mutation->length - at - cut);
	if (with.length)
		memcpy(mutation->bytes + at, with.at, with.length);
	mutation->length = mutation->length - cut + with.length;
}

/* Structure is near the start; half of the changes are in the first 200 bytes. */
static uint32_t place(struct mutation *mutation)
{
	uint32_t range = mutation->length;
	if (range > 200 && random_source_once_in(&mutation->random, 2))
		range = 200;
	return random_source_below(&mutation->random, range);
}

static uint32_t piece_length(struct mutation *mutation, uint32_t room)
{
	uint32_t length = 1 + random_source_below(&mutation->random, PIECE_BYTES_MAX);
	return length < room ? length : room;
}

static void put_special(struct mutation *mutation, uint32_t at)
{
	static const char *const specials[] = {
		"\r\n", "\n", "\r",	    " ",  "\t",	     ":",     ";",    ",",    "\"",    "<",	   ">", "@",
		"=",	"%",  "%4",	    "\\", "/",	     "[",     "]",    "\xff", "\r\n ", "\r\n\r\n", "0", "?",
		"&",	"*",  "4294967296", "-1", "SIP/2.0", ";tag=", "\x7f", "\x01", "sip:",  "{"};
	uint32_t index = random_source_below(&mutation->random, sizeof(specials) / sizeof(specials[0]) + 1);
	struct span with =
		index < sizeof(specials) / sizeof(specials[0]) ? span_of_text(specials[index]) : span_make("\0", 1);
	replace(mutation, at, random_source_below(&mutation->random, 2), with);
}

static void mutate_once(struct mutation *mutation, struct span other)
{
	char piece[PIECE_BYTES_MAX];
	uint32_t at = place(mutation), length = piece_length(mutation, mutation->length - at), from;

	switch (random_source_below(&mutation->random, 8)) {
	case 0: /* a bit */
		mutation->bytes[at] = (char)(mutation->bytes[at] ^ 1 << random_source_below(&mutation->random, 8));
		break;
	case 1: /* a piece gone */
		replace(mutation, at, length, (struct span){0});
		break;
	case 2: /* a piece twice */
		memcpy(piece, mutation->bytes + at, length);
		replace(mutation, at, 0, span_make(piece, length));
		break;
	case 3: /* the end gone */
		if (random_source_once_in(&mutation->random, 4))
			mutation->length = at + 1;
		break;
	case 4: /* a piece of another message */
		if (other.length == 0)
			break;
		from = random_source_below(&mutation->random, other.length);
		length = piece_length(mutation, other.length - from);
		replace(mutation, at, random_source_once_in(&mutation->random, 2) ? 1 : 0,
			span_make(other.at + from, length));
		break;
	default:
		put_special(mutation, at);
	}
}

uint32_t sip_mutate(char *bytes, uint32_t length, uint32_t capacity, struct span other, uint64_t seed)
{
	struct mutation mutation = {bytes, length, capacity, random_source_of(~seed)};

	for (uint32_t i = 1 + random_source_below(&mutation.random, 4); i > 0 && mutation.length > 0; i--)
		mutate_once(&mutation, other);
	return mutation.length;
}
