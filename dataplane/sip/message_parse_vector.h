/*
 * message_parse_vector.h - for message_parse.c: the usual message, by AVX2 or AVX-512.
 *
 * Usual is what nearly all software sends: lines that end with CRLF, one space behind the colon, no fold, each header
 * once that has to be once. What is not usual, right or wrong, is left to message_parse.c: here is no rule of its own,
 * only a strict subset of the grammar, read without a branch per byte and almost none per line.
 */
#ifndef AMITY_MESSAGE_PARSE_VECTOR_H
#define AMITY_MESSAGE_PARSE_VECTOR_H

#include "sip_message.h"

/* What was read, and is right. */
enum message_part {
	MESSAGE_PART_LINES = 1, /* the start line and the table of header lines; without it, nothing else is */
	MESSAGE_PART_VIA = 2,
	MESSAGE_PART_CALL_ID = 4,
	MESSAGE_PART_PARTIES = 8,
	MESSAGE_PART_CSEQ = 16,
	MESSAGE_PART_MAX_FORWARDS = 32,
	MESSAGE_PART_BODY = 64,
	MESSAGE_PARTS = 127,
};

/*
 * Fill the parts of a cleared message that are usual; the others are as they were. Without MESSAGE_PART_LINES the
 * message has to be cleared again.
 *
 * Thread: any, on a CPU that has it (scan.c).   Result: bits of enum message_part.
 */
uint32_t message_parse_avx2(struct sip_message *message);
uint32_t message_parse_avx512(struct sip_message *message);

/*
 * message_find_call_id() as far as it is usual.
 *
 * Thread: likewise.   Result: false when it has to be looked for without haste; *call_id is untouched.
 */
bool message_parse_avx2_find_call_id(struct span *call_id, struct span bytes);
bool message_parse_avx512_find_call_id(struct span *call_id, struct span bytes);

#endif
