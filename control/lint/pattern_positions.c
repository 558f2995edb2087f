#include "pattern_positions.h"

/* Visits of nodes: a group of nothing repeated in groups of nothing makes no position. */
#define BUILDS_MAX 8192

static uint16_t add_position(struct pattern_positions *positions, enum pattern_position_kind kind, uint16_t next,
			     uint16_t other)
{
	if (positions->count == PATTERN_POSITIONS_MAX) {
		positions->failed = true;
		return 0;
	}
	positions->position[positions->count] = (struct pattern_position){(uint8_t)kind, 0, next, other};
	return (uint16_t)positions->count++;
}

static uint16_t build(struct pattern_positions *positions, uint16_t node, uint16_t next);

static uint16_t build_set(struct pattern_positions *positions, const struct byte_set *set, uint16_t next)
{
	uint32_t i = 0;
	while (i < positions->set_count && memcmp(&positions->set[i], set, sizeof(*set)) != 0)
		i++;
	if (i == PATTERN_POSITIONS_SETS_MAX) {
		positions->failed = true;
		return 0;
	}
	if (i == positions->set_count)
		positions->set[positions->set_count++] = *set;
	uint16_t made = add_position(positions, PATTERN_POSITION_SET, next, 0);
	positions->position[made].set = (uint16_t)i;
	return made;
}

static uint16_t build_repeat(struct pattern_positions *positions, const struct pattern_syntax_node *node, uint16_t next)
{
	uint16_t entry = next;
	if (node->most == PATTERN_SYNTAX_UNLIMITED) {
		entry = add_position(positions, PATTERN_POSITION_SPLIT, 0, next);
		uint16_t again = build(positions, node->left, entry);
		positions->position[entry].next = again;
	} else {
		for (uint32_t i = node->least; i < node->most && !positions->failed; i++)
			entry = add_position(positions, PATTERN_POSITION_SPLIT, build(positions, node->left, entry),
					     next);
	}
	for (uint32_t i = 0; i < node->least && !positions->failed; i++)
		entry = build(positions, node->left, entry);
	return entry;
}

/* Result: where the part begins; positions->failed when it is too large. */
static uint16_t build(struct pattern_positions *positions, uint16_t index, uint16_t next)
{
	const struct pattern_syntax_node *node = &positions->syntax.node[index];
	if (positions->failed || ++positions->builds > BUILDS_MAX) {
		positions->failed = true;
		return 0;
	}
	switch ((enum pattern_syntax_kind)node->kind) {
	case PATTERN_SYNTAX_EMPTY:
		return next;
	case PATTERN_SYNTAX_SET:
		return build_set(positions, &node->set, next);
	case PATTERN_SYNTAX_START:
		return add_position(positions, PATTERN_POSITION_START, next, 0);
	case PATTERN_SYNTAX_END:
		return add_position(positions, PATTERN_POSITION_END, next, 0);
	case PATTERN_SYNTAX_WORD_EDGE:
		positions->has_edges = true;
		return add_position(positions, PATTERN_POSITION_WORD_EDGE, next, 0);
	case PATTERN_SYNTAX_NO_WORD_EDGE:
		positions->has_edges = true;
		return add_position(positions, PATTERN_POSITION_NO_WORD_EDGE, next, 0);
	case PATTERN_SYNTAX_SEQUENCE:
		return build(positions, node->left, build(positions, node->right, next));
	case PATTERN_SYNTAX_CHOICE: {
		uint16_t left = build(positions, node->left, next);
		return add_position(positions, PATTERN_POSITION_SPLIT, left, build(positions, node->right, next));
	}
	case PATTERN_SYNTAX_REPEAT:
	default:
		return build_repeat(positions, node, next);
	}
}

bool pattern_positions_build(struct pattern_positions *positions, struct span pattern, bool held_start, bool held_end)
{
	positions->builds = positions->count = positions->set_count = 0;
	positions->failed = positions->has_edges = false;
	if (!pattern_syntax_parse(&positions->syntax, pattern))
		return false;
	uint16_t end = add_position(positions, PATTERN_POSITION_ACCEPT, 0, 0);
	if (held_end)
		end = add_position(positions, PATTERN_POSITION_END, end, 0);
	positions->root = build(positions, positions->syntax.root, end);
	if (held_start)
		positions->root = add_position(positions, PATTERN_POSITION_START, positions->root, 0);
	return !positions->failed;
}
