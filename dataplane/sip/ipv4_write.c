#include "ipv4_write.h"

/* clang-format off */
#define OCTET(digits) {digits ".", sizeof(digits)}
#define TEN(tens) OCTET(tens "0"), OCTET(tens "1"), OCTET(tens "2"), OCTET(tens "3"), OCTET(tens "4"), \
		  OCTET(tens "5"), OCTET(tens "6"), OCTET(tens "7"), OCTET(tens "8"), OCTET(tens "9")
const struct ipv4_octet ipv4_write_octets[256] = {
	TEN(""), TEN("1"), TEN("2"), TEN("3"), TEN("4"), TEN("5"), TEN("6"), TEN("7"), TEN("8"), TEN("9"), TEN("10"), TEN("11"),
	TEN("12"), TEN("13"), TEN("14"), TEN("15"), TEN("16"), TEN("17"), TEN("18"), TEN("19"), TEN("20"), TEN("21"), TEN("22"),
	TEN("23"), TEN("24"), OCTET("250"), OCTET("251"), OCTET("252"), OCTET("253"), OCTET("254"), OCTET("255"),
};
/* clang-format on */
