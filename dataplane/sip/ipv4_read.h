/*
 * ipv4_read.h - an IPv4 address in its one spelling: four numbers to 255 without leading zeros, which mean octal to
 * some and decimal to others.
 */
#ifndef AMITY_IPV4_READ_H
#define AMITY_IPV4_READ_H

#include "span.h"

/* The whole text. Thread: any. Cost: about 7 ns. Result: false when it is anything else; *octets may be written. */
bool ipv4_read(uint8_t octets[4], struct span text);

#endif
