/*
 * base64url_tables.h - sixteen-byte tables of the wide readers of base64url (base64url_read.c, base64url_avx2.c).
 */
#ifndef AMITY_BASE64URL_TABLES_H
#define AMITY_BASE64URL_TABLES_H

/*
 * Groups of digits by their upper nibble, a bit each, and one for the nibbles that no digit has. A byte is no digit
 * when the tables of its two nibbles share a bit: the lower one's are the groups in which it is none.
 */
enum base64url_group {
	GROUP_MINUS = 1,  /* 2: '-' alone */
	GROUP_NUMBER = 2, /* 3: 0 to 9 */
	GROUP_FIRST = 4,  /* 4 and 6: A to O, a to o */
	GROUP_UPPER = 8,  /* 5: P to Z, and '_' */
	GROUP_LOWER = 16, /* 7: p to z */
	GROUP_NONE = 32,
};
#define NOT_0	   (GROUP_FIRST | GROUP_MINUS | GROUP_NONE)
#define NOT_1_TO_9 (GROUP_MINUS | GROUP_NONE)
#define NOT_10	   (NOT_1_TO_9 | GROUP_NUMBER)
#define NOT_BEHIND (NOT_10 | GROUP_UPPER | GROUP_LOWER)

#define BASE64URL_NOT_LOWER                                                                                            \
	NOT_0, NOT_1_TO_9, NOT_1_TO_9, NOT_1_TO_9, NOT_1_TO_9, NOT_1_TO_9, NOT_1_TO_9, NOT_1_TO_9, NOT_1_TO_9,         \
		NOT_1_TO_9, NOT_10, NOT_BEHIND, NOT_BEHIND, NOT_BEHIND & ~GROUP_MINUS, NOT_BEHIND,                     \
		NOT_BEHIND & ~GROUP_UPPER
#define BASE64URL_OF_UPPER                                                                                             \
	GROUP_NONE, GROUP_NONE, GROUP_MINUS, GROUP_NUMBER, GROUP_FIRST, GROUP_UPPER, GROUP_FIRST, GROUP_LOWER,         \
		GROUP_NONE, GROUP_NONE, GROUP_NONE, GROUP_NONE, GROUP_NONE, GROUP_NONE, GROUP_NONE, GROUP_NONE

/* What lies between a digit and its value, by its upper nibble; that of '_', moved there, three behind the others. */
#define BASE64URL_UNDERSCORE_AWAY 3
#define BASE64URL_OFFSETS	  0, 0, 62 - '-', 52 - '0', -'A', -'A', 26 - 'a', 26 - 'a', 63 - '_', 0, 0, 0, 0, 0, 0, 0

/* Four words of 24 bits become twelve bytes, zeros behind. */
#define BASE64URL_PACK 2, 1, 0, 6, 5, 4, 10, 9, 8, 14, 13, 12, -1, -1, -1, -1

#endif
