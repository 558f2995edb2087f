#include "pattern_plain_read.h"

#include "pattern_set.h"

#define REPEAT_MAX 100 /* so that lengths stay far from those that have a meaning of their own */
#define DEPTH_MAX  4   /* of groups in groups */

static const char members[] = "0123456789+*#"; /* that classes may have */
#define DIGITS 0x3ffu			       /* the first ten */

/* A row that is not yet at its end. */
struct draft {
	char prefix[PATTERN_PLAIN_PREFIX_BYTES];
	uint8_t prefix_bytes;
	bool in_tail;	      /* behind the prefix */
	uint32_t least, most; /* digits behind the prefix; `most` may be PATTERN_PLAIN_MANY */
};

struct drafts {
	uint32_t count;
	struct draft draft[PATTERN_PLAIN_CHOICES_MAX];
};

static bool is_digit(char byte)
{
	return byte >= '0' && byte <= '9';
}

static bool take(struct span *rest, const char *text)
{
	struct span wanted = span_of_text(text);

	if (!span_starts_with(*rest, wanted))
		return false;
	*rest = span_skip(*rest, wanted.length);
	return true;
}

static bool begins_with_one_of(struct span rest, const char *bytes)
{
	return rest.length && memchr(bytes, rest.at[0], strlen(bytes));
}

/* ---- drafts ---- */

static void copy_drafts(struct drafts *to, const struct drafts *from)
{
	to->count = from->count;
	memcpy(to->draft, from->draft, from->count * sizeof(from->draft[0]));
}

/* Result: false: too many. */
static bool join_drafts(struct drafts *drafts, const struct drafts *others)
{
	if (drafts->count + others->count > PATTERN_PLAIN_CHOICES_MAX)
		return false;
	memcpy(drafts->draft + drafts->count, others->draft, others->count * sizeof(others->draft[0]));
	drafts->count += others->count;
	return true;
}

/* Each draft goes on with each of the bytes. */
static bool add_bytes(struct drafts *drafts, const char *bytes, uint32_t count)
{
	uint32_t before = drafts->count;

	if (before * count > PATTERN_PLAIN_CHOICES_MAX)
		return false;
	for (uint32_t i = before * count; i-- > 0;) {
		struct draft draft = drafts->draft[i % before];
		if (draft.in_tail || draft.prefix_bytes == PATTERN_PLAIN_PREFIX_BYTES)
			return false;
		draft.prefix[draft.prefix_bytes++] = bytes[i / before];
		drafts->draft[i] = draft;
	}
	drafts->count = before * count;
	return true;
}

static bool add_digits(struct drafts *drafts, uint32_t least, uint32_t most)
{
	for (uint32_t i = 0; i < drafts->count; i++) {
		struct draft *draft = &drafts->draft[i];
		bool is_endless = most == PATTERN_PLAIN_MANY || draft->most == PATTERN_PLAIN_MANY;
		draft->least += least;
		draft->most = is_endless ? PATTERN_PLAIN_MANY : draft->most + most;
		draft->in_tail = true;
		if (draft->least > REPEAT_MAX || (!is_endless && draft->most > REPEAT_MAX))
			return false;
	}
	return true;
}

/* ---- what the pattern says ---- */

static bool take_number(struct span *rest, uint32_t *number)
{
	if (rest->length == 0 || !is_digit(rest->at[0]))
		return false;
	for (*number = 0; rest->length && is_digit(rest->at[0]); *rest = span_skip(*rest, 1)) {
		*number = *number * 10 + (uint32_t)(rest->at[0] - '0');
		if (*number > REPEAT_MAX)
			return false;
	}
	return true;
}

/* Behind `{`. */
static bool take_bounds(struct span *rest, uint32_t *least, uint32_t *most)
{
	if (!take_number(rest, least))
		return false;
	*most = *least;
	if (take(rest, ",")) {
		*most = PATTERN_PLAIN_MANY;
		if (rest->length && rest->at[0] != '}' && !take_number(rest, most))
			return false;
	}
	return *least <= *most && take(rest, "}");
}

/* Behind a class of all digits. */
static bool take_digits(struct span *rest, struct drafts *drafts)
{
	uint32_t least = 1, most = 1;

	if (take(rest, "*"))
		least = 0, most = PATTERN_PLAIN_MANY;
	else if (take(rest, "+"))
		most = PATTERN_PLAIN_MANY;
	else if (take(rest, "?"))
		least = 0;
	else if (take(rest, "{") && !take_bounds(rest, &least, &most))
		return false;
	return add_digits(drafts, least, most);
}

/* Behind `[`: digits, ranges of them, + * #. Result: which members are in it; 0: another shape. */
static uint32_t take_class(struct span *rest)
{
	uint32_t set = 0;

	while (rest->length && rest->at[0] != ']') {
		const char *member = rest->at[0] ? strchr(members, rest->at[0]) : NULL;
		if (!member)
			return 0;
		uint32_t first = (uint32_t)(member - members), last = first;
		*rest = span_skip(*rest, 1);
		if (rest->length >= 2 && rest->at[0] == '-') {
			if (!is_digit(*member) || !is_digit(rest->at[1]) || rest->at[1] < *member)
				return 0;
			last = (uint32_t)(rest->at[1] - '0');
			*rest = span_skip(*rest, 2);
		}
		for (; first <= last; first++)
			set |= 1u << first;
	}
	return take(rest, "]") ? set : 0;
}

static bool add_members(struct drafts *drafts, uint32_t set)
{
	char bytes[sizeof(members)];
	uint32_t count = 0;

	for (uint32_t i = 0; members[i]; i++)
		if (set >> i & 1)
			bytes[count++] = members[i];
	return count > 0 && add_bytes(drafts, bytes, count);
}

/* One byte, which stands for itself with or without a backslash before it. */
static bool take_byte(struct span *rest, struct drafts *drafts)
{
	bool is_escaped = take(rest, "\\");
	char byte = rest->length ? rest->at[0] : '\0', lower = span_lower_byte(byte);
	bool is_taken = is_escaped ? byte && memchr("+*#.-", byte, 5)
				   : is_digit(byte) || (lower >= 'a' && lower <= 'z') || byte == '#';

	*rest = span_skip(*rest, rest->length != 0);
	return is_taken && add_bytes(drafts, &byte, 1);
}

static bool take_sequence(struct span *rest, struct drafts *drafts, uint32_t depth);

/* Behind `(`: what each of its alternatives makes of the drafts so far. */
static bool take_group(struct span *rest, struct drafts *drafts, uint32_t depth)
{
	struct drafts before, way;

	take(rest, "?:");
	copy_drafts(&before, drafts);
	drafts->count = 0;
	do {
		copy_drafts(&way, &before);
		if (!take_sequence(rest, &way, depth) || !join_drafts(drafts, &way))
			return false;
	} while (take(rest, "|"));
	return take(rest, ")");
}

static bool take_item(struct span *rest, struct drafts *drafts, uint32_t depth)
{
	struct drafts before;
	bool is_taken;

	copy_drafts(&before, drafts);
	if (take(rest, "(")) {
		is_taken = depth < DEPTH_MAX && take_group(rest, drafts, depth + 1);
	} else if (take(rest, "\\d")) {
		return take_digits(rest, drafts);
	} else if (take(rest, "[")) {
		uint32_t set = take_class(rest);
		if (set == DIGITS)
			return take_digits(rest, drafts);
		is_taken = add_members(drafts, set);
	} else {
		is_taken = take_byte(rest, drafts);
	}
	return is_taken && (!take(rest, "?") || join_drafts(drafts, &before));
}

/* `depth`: of the groups around it. */
static bool take_sequence(struct span *rest, struct drafts *drafts, uint32_t depth)
{
	while (rest->length && !begins_with_one_of(*rest, depth ? "|)" : "$."))
		/* Whether a repeat is greedy is no matter of whether it matches, but nobody writes that here. */
		if (!take_item(rest, drafts, depth) || begins_with_one_of(*rest, "*+?{"))
			return false;
	return true;
}

/* Result: false: without an end, digits that must follow are not followed by anything that a length could tell. */
static bool end_row(struct pattern_plain *row, const struct draft *draft, bool is_open)
{
	*row = (struct pattern_plain){.prefix_bytes = draft->prefix_bytes,
				      .least_bytes = (uint8_t)(draft->prefix_bytes + draft->least),
				      .most_bytes = is_open ? PATTERN_PLAIN_OPEN
						    : draft->most == PATTERN_PLAIN_MANY
							    ? PATTERN_PLAIN_MANY
							    : (uint8_t)(draft->prefix_bytes + draft->most)};
	memcpy(row->prefix, draft->prefix, draft->prefix_bytes);
	return !is_open || draft->least == 0;
}

uint32_t pattern_plain_read(struct pattern_plain row[PATTERN_PLAIN_CHOICES_MAX], struct span pattern)
{
	struct drafts drafts = {.count = 1, .draft = {{.prefix_bytes = 0}}};
	struct span rest = pattern;
	bool is_anchored = take(&rest, "^");

	if (pattern.length > PATTERN_BYTES_MAX || (is_anchored && !take_sequence(&rest, &drafts, 0)))
		return 0;
	bool is_open = !take(&rest, "$");
	bool is_anything = is_open && take(&rest, ".*");
	if (rest.length || !(is_anchored || is_anything))
		return 0;
	for (uint32_t i = 0; i < drafts.count; i++)
		if (!end_row(&row[i], &drafts.draft[i], is_open))
			return 0;
	return drafts.count;
}
