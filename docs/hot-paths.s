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
	call   <_ZN3tsd5table17KeyTable$LT$_$GT$9set_first17h602e487b93e396ceE>
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
	cmp    rdx,QWORD PTR [rip+0xad902]        # <_ZN11tsd_measure9space_1285SPACE17h046597e58aa19923E+0x1028>
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
	sub    rsp,0x60
	xorps  xmm0,xmm0
	movaps XMMWORD PTR [rsp+0x30],xmm0
	movaps XMMWORD PTR [rsp+0x20],xmm0
	movaps XMMWORD PTR [rsp+0x10],xmm0
	movaps XMMWORD PTR [rsp],xmm0
	mov    rdi,QWORD PTR fs:0xffffffffffffffb0
	add    rdi,0xb0
	mov    QWORD PTR [rsp+0x48],0x0
	lea    rsi,[rsp+0x48]
	mov    rcx,rsp
	mov    rdx,rdi
	mov    rbx,rax
	call   <_ZN3tsd4exit3run17h2eb02f9e0edce3a9E>
	movaps xmm0,XMMWORD PTR [rsp]
	movaps xmm1,XMMWORD PTR [rsp+0x10]
	movaps xmm2,XMMWORD PTR [rsp+0x20]
	movaps xmm3,XMMWORD PTR [rsp+0x30]
	movups XMMWORD PTR [rbx+0x30],xmm3
	movups XMMWORD PTR [rbx+0x20],xmm2
	movups XMMWORD PTR [rbx+0x10],xmm1
	movups XMMWORD PTR [rbx],xmm0
	mov    rax,rbx
	add    rsp,0x60
	pop    rbx
	ret

<tsd128_create>:
	mov    rax,QWORD PTR [rip+0xad3b1]        # <_ZN11tsd_measure9space_1285SPACE17h046597e58aa19923E+0x1010>
	nop    WORD PTR [rax+rax*1+0x0]
	cmp    rax,0x7f
	ja     <tsd128_create+0x15a>
	lea    rcx,[rax+0x1]
	lock cmpxchg QWORD PTR [rip+0xad391],rcx        # <_ZN11tsd_measure9space_1285SPACE17h046597e58aa19923E+0x1010>
	jne    <tsd128_create+0x10>
	xor    edx,edx
	mov    rax,QWORD PTR [rip+0xad376]        # <_ZN11tsd_measure9space_1285SPACE17h046597e58aa19923E+0x1000>
	cmp    rax,0xffffffffffffffff
	je     <tsd128_create+0xb6>
	not    rax
	mov    rcx,QWORD PTR [rip+0xad38e]        # <_ZN11tsd_measure9space_1285SPACE17h046597e58aa19923E+0x1028>
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
	mov    rax,QWORD PTR [rip+0xad338]        # <_ZN11tsd_measure9space_1285SPACE17h046597e58aa19923E+0x1000>
	mov    rcx,rax
	or     rcx,r9
	lock cmpxchg QWORD PTR [rip+0xad329],rcx        # <_ZN11tsd_measure9space_1285SPACE17h046597e58aa19923E+0x1000>
	jne    <tsd128_create+0x70>
	test   rax,r9
	je     <tsd128_create+0x16e>
	mov    rcx,QWORD PTR [rip+0xad33f]        # <_ZN11tsd_measure9space_1285SPACE17h046597e58aa19923E+0x1028>
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
	mov    rax,QWORD PTR [rip+0xad2f3]        # <_ZN11tsd_measure9space_1285SPACE17h046597e58aa19923E+0x1008>
	cmp    rax,0xffffffffffffffff
	je     <tsd128_create+0x2b>
	not    rax
	mov    rcx,QWORD PTR [rip+0xad2ff]        # <_ZN11tsd_measure9space_1285SPACE17h046597e58aa19923E+0x1028>
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
	mov    rax,QWORD PTR [rip+0xad2a0]        # <_ZN11tsd_measure9space_1285SPACE17h046597e58aa19923E+0x1008>
	mov    rcx,rax
	or     rcx,r9
	lock cmpxchg QWORD PTR [rip+0xad291],rcx        # <_ZN11tsd_measure9space_1285SPACE17h046597e58aa19923E+0x1008>
	jne    <tsd128_create+0x110>
	test   rax,r9
	je     <tsd128_create+0x169>
	mov    rcx,QWORD PTR [rip+0xad2a3]        # <_ZN11tsd_measure9space_1285SPACE17h046597e58aa19923E+0x1028>
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
	mov    rax,QWORD PTR [rip+0xad25f]        # <_ZN11tsd_measure9space_1285SPACE17h046597e58aa19923E+0x1018>
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
	mov    rax,QWORD PTR [rip+0xad207]        # <_ZN11tsd_measure9space_1285SPACE17h046597e58aa19923E+0x1010>
	mov    rdx,QWORD PTR [rip+0xad208]        # <_ZN11tsd_measure9space_1285SPACE17h046597e58aa19923E+0x1018>
	xor    ecx,ecx
	sub    rax,rdx
	mov    edx,0x0
	cmovae rdx,rax
	mov    rax,QWORD PTR [rip+0xad1fb]        # <_ZN11tsd_measure9space_1285SPACE17h046597e58aa19923E+0x1020>
	cmp    rdx,rax
	jbe    <tsd128_create+0x1f5>
	mov    rax,QWORD PTR [rip+0xad1ef]        # <_ZN11tsd_measure9space_1285SPACE17h046597e58aa19923E+0x1020>
	nop    DWORD PTR [rax+0x0]
	cmp    rax,rdx
	mov    r8,rdx
	cmova  r8,rax
	lock cmpxchg QWORD PTR [rip+0xad1d5],r8        # <_ZN11tsd_measure9space_1285SPACE17h046597e58aa19923E+0x1020>
	jne    <tsd128_create+0x1e0>
	mov    DWORD PTR [rdi],esi
	mov    eax,ecx
	ret

<tsd128_delete>:
	mov    ecx,edi
	shr    ecx,0x4
	and    ecx,0x7f
	mov    edx,ecx
	shl    edx,0x4
	mov    rax,QWORD PTR [rdx+0x4b12a8]
	cmp    edi,eax
	sete   r8b
	mov    sil,0x1
	test   r8b,al
	jne    <tsd128_delete+0x32>
	lea    rax,[rdx+0x4b12a8]
	mov    rax,QWORD PTR [rax]
	mov    esi,eax
	and    sil,0x1
	mov    edx,0x16
	test   sil,sil
	je     <tsd128_delete+0xd0>
	cmp    edi,eax
	jne    <tsd128_delete+0xd0>
	cmp    QWORD PTR [rip+0xad181],rcx        # <_ZN11tsd_measure9space_1285SPACE17h046597e58aa19923E+0x1028>
	ja     <tsd128_delete+0xd0>
	shl    ecx,0x4
	mov    rcx,QWORD PTR [rcx+0x4b1ab0]
	test   rcx,rcx
	js     <tsd128_delete+0xd0>
	mov    rcx,rax
	shr    rcx,0x4
	mov    esi,ecx
	and    esi,0x7f
	mov    rdi,rax
	or     rdi,0x7f3
	lea    rdx,[rdi+0x1]
	mov    r8,rdi
	inc    r8
	je     <tsd128_delete+0xd3>
	and    rdx,0xfffffffffffff80c
	mov    r8d,esi
	shl    r8d,0x4
	lock cmpxchg QWORD PTR [r8+0x4b12a8],rdx
	mov    edx,0x16
	jne    <tsd128_delete+0xd0>
	cmp    rdi,0xffffffffffffffff
	je     <tsd128_delete+0xc6>
	mov    rax,0xfffffffffffffffe
	rol    rax,cl
	shr    esi,0x6
	lock and QWORD PTR [rsi*8+0x4b22a8],rax
	lock dec QWORD PTR [rip+0xad0f4]        # <_ZN11tsd_measure9space_1285SPACE17h046597e58aa19923E+0x1010>
	jmp    <tsd128_delete+0xce>
	lock inc QWORD PTR [rip+0xad0f2]        # <_ZN11tsd_measure9space_1285SPACE17h046597e58aa19923E+0x1018>
	xor    edx,edx
	mov    eax,edx
	ret
	mov    rdx,0xfffffffffffffffe
	jmp    <tsd128_delete+0x89>
