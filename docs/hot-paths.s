# Written by `cargo run -p tsd-figures -- instructions`. rustc 1.95.0 (59807616e 2026-04-14), x86_64


<tsd128_set>:
	mov    rdx,rsi
	mov    esi,edi
	mov    rdi,QWORD PTR fs:0xffffffffffffffb0
	mov    eax,esi
	and    eax,0x7f0
	mov    rcx,QWORD PTR [rax+0x4b12a8]
	mov    r8,QWORD PTR [rdi+rax*1+0xb0]
	cmp    r8,rcx
	jne    <tsd128_set+0x3d>
	cmp    esi,ecx
	jne    <tsd128_set+0x3d>
	and    ecx,0x1
	je     <tsd128_set+0x3d>
	mov    QWORD PTR [rdi+rax*1+0xb8],rdx
	xor    eax,eax
	ret
	push   rax
	add    rdi,0xb0
	call   <_ZN3tsd5table17KeyTable$LT$_$GT$9set_first17hafae6ea88e35716cE>
	movzx  ecx,ax
	cmp    ecx,0x115
	lea    rsp,[rsp+0x8]
	je     <tsd128_set+0x3a>
	movzx  eax,al
	ret

<inlined_get_once>:
	mov    rax,QWORD PTR fs:0xffffffffffffffb0
	mov    ecx,edi
	and    ecx,0x7f0
	mov    rdx,QWORD PTR [rax+rcx*1+0xb0]
	mov    rax,QWORD PTR [rax+rcx*1+0xb8]
	mov    rsi,QWORD PTR [rcx+0x4b12a8]
	cmp    edi,edx
	jne    <inlined_get_once+0x32>
	cmp    rsi,rdx
	jne    <inlined_get_once+0x32>
	ret
	mov    edx,ecx
	shr    edx,0x4
	cmp    rdx,QWORD PTR [rip+0xadae2]        # <_ZN11tsd_measure9space_1285SPACE17hfb622cc7a1dd78f7E+0x1028>
	jae    <inlined_get_once+0x4b>
	mov    rcx,QWORD PTR [rcx+0x4b12a8]
	cmp    edi,ecx
	je     <inlined_get_once+0x31>
	xor    eax,eax
	ret

<static_get_once>:
	mov    rax,QWORD PTR fs:0xffffffffffffffb0
	mov    rax,QWORD PTR [rax+0xb8]
	ret

<exit_report>:
	mov    rax,rdi
	mov    rcx,QWORD PTR fs:0xffffffffffffffb0
	mov    rcx,QWORD PTR [rcx+0x8d0]
	test   rcx,rcx
	jne    <exit_report+0x2b>
	xorps  xmm0,xmm0
	movups XMMWORD PTR [rax+0x30],xmm0
	movups XMMWORD PTR [rax+0x20],xmm0
	movups XMMWORD PTR [rax+0x10],xmm0
	movups XMMWORD PTR [rax],xmm0
	ret
	push   rbx
	sub    rsp,0x40
	xorps  xmm0,xmm0
	movaps XMMWORD PTR [rsp+0x30],xmm0
	movaps XMMWORD PTR [rsp+0x20],xmm0
	movaps XMMWORD PTR [rsp+0x10],xmm0
	movaps XMMWORD PTR [rsp],xmm0
	mov    rdi,QWORD PTR fs:0xffffffffffffffb0
	mov    rcx,QWORD PTR [rdi+0x8d0]
	test   rcx,rcx
	jne    <exit_report+0x83>
	movaps xmm0,XMMWORD PTR [rsp]
	movaps xmm1,XMMWORD PTR [rsp+0x10]
	movaps xmm2,XMMWORD PTR [rsp+0x20]
	movaps xmm3,XMMWORD PTR [rsp+0x30]
	movups XMMWORD PTR [rax+0x30],xmm3
	movups XMMWORD PTR [rax+0x20],xmm2
	movups XMMWORD PTR [rax+0x10],xmm1
	movups XMMWORD PTR [rax],xmm0
	add    rsp,0x40
	pop    rbx
	ret
	add    rdi,0xb0
	mov    rsi,rsp
	mov    rbx,rax
	call   <_ZN3tsd4exit3run17h2fe731fe66c56003E>
	mov    rax,rbx
	jmp    <exit_report+0x5b>

<tsd128_create>:
	mov    rax,QWORD PTR [rip+0xad561]        # <_ZN11tsd_measure9space_1285SPACE17hfb622cc7a1dd78f7E+0x1010>
	nop    WORD PTR [rax+rax*1+0x0]
	cmp    rax,0x7f
	ja     <tsd128_create+0x15a>
	lea    rcx,[rax+0x1]
	lock cmpxchg QWORD PTR [rip+0xad541],rcx        # <_ZN11tsd_measure9space_1285SPACE17hfb622cc7a1dd78f7E+0x1010>
	jne    <tsd128_create+0x10>
	xor    edx,edx
	mov    rax,QWORD PTR [rip+0xad526]        # <_ZN11tsd_measure9space_1285SPACE17hfb622cc7a1dd78f7E+0x1000>
	cmp    rax,0xffffffffffffffff
	je     <tsd128_create+0xb6>
	not    rax
	mov    rcx,QWORD PTR [rip+0xad53e]        # <_ZN11tsd_measure9space_1285SPACE17hfb622cc7a1dd78f7E+0x1028>
	mov    r9,0xffffffffffffffff
	shl    r9,cl
	cmp    rcx,0x40
	mov    r8d,0x0
	cmovb  r8,r9
	and    r8,rax
	je     <tsd128_create+0xb6>
	nop
	mov    r9,r8
	neg    r9
	and    r9,r8
	mov    rax,QWORD PTR [rip+0xad4e8]        # <_ZN11tsd_measure9space_1285SPACE17hfb622cc7a1dd78f7E+0x1000>
	mov    rcx,rax
	or     rcx,r9
	lock cmpxchg QWORD PTR [rip+0xad4d9],rcx        # <_ZN11tsd_measure9space_1285SPACE17hfb622cc7a1dd78f7E+0x1000>
	jne    <tsd128_create+0x70>
	test   rax,r9
	je     <tsd128_create+0x16e>
	mov    rcx,QWORD PTR [rip+0xad4ef]        # <_ZN11tsd_measure9space_1285SPACE17hfb622cc7a1dd78f7E+0x1028>
	mov    r8,0xffffffffffffffff
	shl    r8,cl
	cmp    rcx,0x40
	mov    ecx,0x0
	cmovb  rcx,r8
	or     rax,r9
	not    rax
	and    rax,rcx
	mov    r8,rax
	jne    <tsd128_create+0x60>
	mov    rax,QWORD PTR [rip+0xad4a3]        # <_ZN11tsd_measure9space_1285SPACE17hfb622cc7a1dd78f7E+0x1008>
	cmp    rax,0xffffffffffffffff
	je     <tsd128_create+0x2b>
	not    rax
	mov    rcx,QWORD PTR [rip+0xad4af]        # <_ZN11tsd_measure9space_1285SPACE17hfb622cc7a1dd78f7E+0x1028>
	sub    rcx,0x40
	cmovb  rcx,rdx
	mov    r8,0xffffffffffffffff
	shl    r8,cl
	cmp    rcx,0x40
	cmovae r8,rdx
	and    r8,rax
	je     <tsd128_create+0x2b>
	data16 data16 cs nop WORD PTR [rax+rax*1+0x0]
	mov    r9,r8
	neg    r9
	and    r9,r8
	mov    rax,QWORD PTR [rip+0xad450]        # <_ZN11tsd_measure9space_1285SPACE17hfb622cc7a1dd78f7E+0x1008>
	mov    rcx,rax
	or     rcx,r9
	lock cmpxchg QWORD PTR [rip+0xad441],rcx        # <_ZN11tsd_measure9space_1285SPACE17hfb622cc7a1dd78f7E+0x1008>
	jne    <tsd128_create+0x110>
	test   rax,r9
	je     <tsd128_create+0x169>
	mov    rcx,QWORD PTR [rip+0xad453]        # <_ZN11tsd_measure9space_1285SPACE17hfb622cc7a1dd78f7E+0x1028>
	sub    rcx,0x40
	cmovb  rcx,rdx
	mov    r8,0xffffffffffffffff
	shl    r8,cl
	cmp    rcx,0x40
	cmovae r8,rdx
	or     rax,r9
	not    rax
	and    rax,r8
	mov    r8,rax
	jne    <tsd128_create+0x100>
	jmp    <tsd128_create+0x2b>
	mov    rax,QWORD PTR [rip+0xad40f]        # <_ZN11tsd_measure9space_1285SPACE17hfb622cc7a1dd78f7E+0x1018>
	mov    ecx,0xb
	mov    eax,ecx
	ret
	mov    edx,0x40
	tzcnt  rax,r8
	or     edx,eax
	shl    edx,0x4
	mov    QWORD PTR [rdx+0x4b12b0],rsi
	mov    QWORD PTR [rdx+0x4b1aa8],0x1
	mov    QWORD PTR [rdx+0x4b1ab0],0x0
	mov    rsi,QWORD PTR [rdx+0x4b12a8]
	or     rsi,rdx
	or     rsi,0x1
	mov    QWORD PTR [rdx+0x4b12a8],rsi
	mov    rax,QWORD PTR [rip+0xad3b7]        # <_ZN11tsd_measure9space_1285SPACE17hfb622cc7a1dd78f7E+0x1010>
	mov    rdx,QWORD PTR [rip+0xad3b8]        # <_ZN11tsd_measure9space_1285SPACE17hfb622cc7a1dd78f7E+0x1018>
	xor    ecx,ecx
	sub    rax,rdx
	mov    edx,0x0
	cmovae rdx,rax
	mov    rax,QWORD PTR [rip+0xad3ab]        # <_ZN11tsd_measure9space_1285SPACE17hfb622cc7a1dd78f7E+0x1020>
	cmp    rdx,rax
	jbe    <tsd128_create+0x1f5>
	mov    rax,QWORD PTR [rip+0xad39f]        # <_ZN11tsd_measure9space_1285SPACE17hfb622cc7a1dd78f7E+0x1020>
	nop    DWORD PTR [rax+0x0]
	cmp    rax,rdx
	mov    r8,rdx
	cmova  r8,rax
	lock cmpxchg QWORD PTR [rip+0xad385],r8        # <_ZN11tsd_measure9space_1285SPACE17hfb622cc7a1dd78f7E+0x1020>
	jne    <tsd128_create+0x1e0>
	mov    DWORD PTR [rdi],esi
	mov    eax,ecx
	ret

<tsd128_delete>:
	mov    edx,edi
	and    edx,0x7f0
	mov    rcx,QWORD PTR [rdx+0x4b12a8]
	cmp    edi,ecx
	sete   al
	test   al,cl
	jne    <tsd128_delete+0x39>
	mov    rcx,QWORD PTR [rdx+0x4b12a8]
	cmp    edi,ecx
	setne  al
	test   cl,0x1
	sete   sil
	or     sil,al
	mov    eax,0x16
	jne    <tsd128_delete+0x101>
	mov    esi,edx
	shr    esi,0x4
	mov    eax,0x16
	cmp    rsi,QWORD PTR [rip+0xad336]        # <_ZN11tsd_measure9space_1285SPACE17hfb622cc7a1dd78f7E+0x1028>
	jb     <tsd128_delete+0x101>
	mov    rsi,QWORD PTR [rdx+0x4b1ab0]
	test   rsi,rsi
	js     <tsd128_delete+0x101>
	mov    esi,ecx
	and    esi,0x7f0
	mov    r8,rcx
	or     r8,0x7f3
	cmp    r8,0xffffffffffffffff
	je     <tsd128_delete+0x102>
	inc    r8
	and    r8,0xfffffffffffff80c
	mov    rax,rcx
	lock cmpxchg QWORD PTR [rsi+0x4b12a8],r8
	mov    eax,0x16
	jne    <tsd128_delete+0x101>
	shr    ecx,0x4
	mov    rax,0xfffffffffffffffe
	rol    rax,cl
	shr    esi,0xa
	lock and QWORD PTR [rsi*8+0x4b22a8],rax
	lock dec QWORD PTR [rip+0xad2ae]        # <_ZN11tsd_measure9space_1285SPACE17hfb622cc7a1dd78f7E+0x1010>
	mov    rcx,QWORD PTR fs:0xffffffffffffffb0
	mov    rdx,QWORD PTR [rcx+rdx*1+0xb0]
	xor    eax,eax
	cmp    edi,edx
	jne    <tsd128_delete+0x101>
	mov    rsi,QWORD PTR [rcx+0x8b0]
	cmp    rsi,rdx
	jne    <tsd128_delete+0x101>
	not    rdx
	mov    QWORD PTR [rcx+0x8b0],rdx
	mov    QWORD PTR [rcx+0x8b8],0x0
	add    rcx,0x8d0
	mov    edx,0x10
	or     QWORD PTR [rcx],rdx
	ret
	mov    r8,0xfffffffffffffffe
	mov    rax,rcx
	lock cmpxchg QWORD PTR [rsi+0x4b12a8],r8
	mov    eax,0x16
	jne    <tsd128_delete+0x101>
	lock inc QWORD PTR [rip+0xad24c]        # <_ZN11tsd_measure9space_1285SPACE17hfb622cc7a1dd78f7E+0x1018>
	jmp    <tsd128_delete+0xba>
