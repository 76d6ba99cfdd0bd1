#include "textflag.h"

// func compareExchange16(p *[2]uint64, compared uint64) (flags uint64)
TEXT ·compareExchange16(SB), NOSPLIT, $8-24
	MOVQ p+0(FP), SI
	MOVQ compared+8(FP), DI
	MOVQ DI, R8
	MOVQ (SI), AX
	MOVQ 8(SI), DX
	MOVQ AX, BX
	MOVQ DX, CX
	// An emulator with lazy flags computes them here...
	PUSHFQ
	POPFQ
	// ...and defers them here.
	CMPQ R8, DI
	LOCK
	CMPXCHG16B (SI)
	PUSHFQ
	POPQ R9
	MOVQ R9, flags+16(FP)
	RET
