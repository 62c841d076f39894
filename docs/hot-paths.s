# Written by `cargo run -p tsd-figures -- instructions`. rustc 1.95.0 (59807616e 2026-04-14), x86_64


<tsd128_set>:
	mov    rdx,rsi
	mov    esi,edi
	mov    rdi,QWORD PTR fs:0xffffffffffffffb0
	mov    eax,esi
	and    eax,0x7f0
	mov    rcx,QWORD PTR [rax+0x4b02a8]
	mov    r8,QWORD PTR [rdi+rax*1+0xa0]
	cmp    r8,rcx
	jne    <tsd128_set+0x3d>
	cmp    esi,ecx
	jne    <tsd128_set+0x3d>
	and    ecx,0x1
	je     <tsd128_set+0x3d>
	mov    QWORD PTR [rdi+rax*1+0xa8],rdx
	xor    eax,eax
	ret
	push   rax
	add    rdi,0xa0
	call   <_ZN3tsd5table17KeyTable$LT$_$GT$9set_first17hecbd49a5a21f477fE>
	movzx  ecx,ax
	cmp    ecx,0x115
	lea    rsp,[rsp+0x8]
	je     <tsd128_set+0x3a>
	movzx  eax,al
	ret

<inlined_get_once>:
	mov    rax,QWORD PTR fs:0xffffffffffffffb0
	mov    edx,edi
	and    edx,0x7f0
	mov    rcx,QWORD PTR [rax+rdx*1+0xa0]
	mov    rax,QWORD PTR [rax+rdx*1+0xa8]
	mov    rdx,QWORD PTR [rdx+0x4b02a8]
	cmp    edi,ecx
	jne    <inlined_get_once+0x32>
	cmp    rdx,rcx
	jne    <inlined_get_once+0x32>
	ret
	xor    eax,eax
	ret

<static_get_once>:
	mov    rax,QWORD PTR fs:0xffffffffffffffb0
	mov    rax,QWORD PTR [rax+0xa8]
	ret

<exit_report>:
	mov    rax,rdi
	mov    rdi,QWORD PTR fs:0xffffffffffffffb0
	mov    rcx,QWORD PTR [rdi+0x8a0]
	test   rcx,rcx
	jne    <exit_report+0x2f>
	xorps  xmm0,xmm0
	movups XMMWORD PTR [rax+0x20],xmm0
	movups XMMWORD PTR [rax+0x10],xmm0
	movups XMMWORD PTR [rax],xmm0
	mov    QWORD PTR [rax+0x30],0x0
	ret
	push   rbx
	sub    rsp,0x50
	add    rdi,0xa0
	xorps  xmm0,xmm0
	movaps XMMWORD PTR [rsp+0x20],xmm0
	movaps XMMWORD PTR [rsp+0x10],xmm0
	movaps XMMWORD PTR [rsp],xmm0
	mov    QWORD PTR [rsp+0x30],0x0
	mov    QWORD PTR [rsp+0x38],0x0
	lea    rsi,[rsp+0x38]
	mov    rcx,rsp
	mov    rdx,rdi
	mov    rbx,rax
	call   <_ZN3tsd4exit3run17h805ebe31afe0df56E>
	mov    rax,QWORD PTR [rsp+0x30]
	mov    QWORD PTR [rbx+0x30],rax
	movaps xmm0,XMMWORD PTR [rsp]
	movaps xmm1,XMMWORD PTR [rsp+0x10]
	movaps xmm2,XMMWORD PTR [rsp+0x20]
	movups XMMWORD PTR [rbx+0x20],xmm2
	movups XMMWORD PTR [rbx+0x10],xmm1
	movups XMMWORD PTR [rbx],xmm0
	mov    rax,rbx
	add    rsp,0x50
	pop    rbx
	ret

<tsd128_create>:
	mov    rax,QWORD PTR [rip+0xad071]        # <_ZN11tsd_measure9space_1285SPACE17h991fe1994cf028e0E+0x1010>
	nop    WORD PTR [rax+rax*1+0x0]
	cmp    rax,0x7f
	ja     <tsd128_create+0x16a>
	lea    rcx,[rax+0x1]
	lock cmpxchg QWORD PTR [rip+0xad051],rcx        # <_ZN11tsd_measure9space_1285SPACE17h991fe1994cf028e0E+0x1010>
	jne    <tsd128_create+0x10>
	inc    rax
	mov    rdx,rax
	xor    r8d,r8d
	mov    rax,QWORD PTR [rip+0xad02f]        # <_ZN11tsd_measure9space_1285SPACE17h991fe1994cf028e0E+0x1000>
	cmp    rax,0xffffffffffffffff
	je     <tsd128_create+0xc6>
	not    rax
	mov    rcx,QWORD PTR [rip+0xad043]        # <_ZN11tsd_measure9space_1285SPACE17h991fe1994cf028e0E+0x1028>
	mov    r10,0xffffffffffffffff
	shl    r10,cl
	cmp    rcx,0x40
	mov    r9d,0x0
	cmovb  r9,r10
	and    r9,rax
	je     <tsd128_create+0xc6>
	nop    WORD PTR [rax+rax*1+0x0]
	mov    r10,r9
	neg    r10
	and    r10,r9
	mov    rax,QWORD PTR [rip+0xacfe8]        # <_ZN11tsd_measure9space_1285SPACE17h991fe1994cf028e0E+0x1000>
	mov    rcx,rax
	or     rcx,r10
	lock cmpxchg QWORD PTR [rip+0xacfd9],rcx        # <_ZN11tsd_measure9space_1285SPACE17h991fe1994cf028e0E+0x1000>
	jne    <tsd128_create+0x80>
	test   rax,r10
	je     <tsd128_create+0x19b>
	mov    rcx,QWORD PTR [rip+0xacfef]        # <_ZN11tsd_measure9space_1285SPACE17h991fe1994cf028e0E+0x1028>
	mov    r9,0xffffffffffffffff
	shl    r9,cl
	cmp    rcx,0x40
	mov    ecx,0x0
	cmovb  rcx,r9
	or     rax,r10
	not    rax
	and    rax,rcx
	mov    r9,rax
	jne    <tsd128_create+0x70>
	mov    rax,QWORD PTR [rip+0xacfa3]        # <_ZN11tsd_measure9space_1285SPACE17h991fe1994cf028e0E+0x1008>
	cmp    rax,0xffffffffffffffff
	je     <tsd128_create+0x32>
	not    rax
	mov    rcx,QWORD PTR [rip+0xacfaf]        # <_ZN11tsd_measure9space_1285SPACE17h991fe1994cf028e0E+0x1028>
	sub    rcx,0x40
	cmovb  rcx,r8
	mov    r9,0xffffffffffffffff
	shl    r9,cl
	cmp    rcx,0x40
	cmovae r9,r8
	and    r9,rax
	je     <tsd128_create+0x32>
	data16 data16 cs nop WORD PTR [rax+rax*1+0x0]
	mov    r10,r9
	neg    r10
	and    r10,r9
	mov    rax,QWORD PTR [rip+0xacf50]        # <_ZN11tsd_measure9space_1285SPACE17h991fe1994cf028e0E+0x1008>
	mov    rcx,rax
	or     rcx,r10
	lock cmpxchg QWORD PTR [rip+0xacf41],rcx        # <_ZN11tsd_measure9space_1285SPACE17h991fe1994cf028e0E+0x1008>
	jne    <tsd128_create+0x120>
	test   rax,r10
	je     <tsd128_create+0x195>
	mov    rcx,QWORD PTR [rip+0xacf53]        # <_ZN11tsd_measure9space_1285SPACE17h991fe1994cf028e0E+0x1028>
	sub    rcx,0x40
	cmovb  rcx,r8
	mov    r9,0xffffffffffffffff
	shl    r9,cl
	cmp    rcx,0x40
	cmovae r9,r8
	or     rax,r10
	not    rax
	and    rax,r9
	mov    r9,rax
	jne    <tsd128_create+0x110>
	jmp    <tsd128_create+0x32>
	mov    rax,QWORD PTR [rip+0xacf0f]        # <_ZN11tsd_measure9space_1285SPACE17h991fe1994cf028e0E+0x1018>
	xor    ecx,ecx
	test   rax,rax
	setne  cl
	shl    ecx,0x18
	or     rcx,0x40b0001
	test   cl,0x1
	je     <tsd128_create+0x222>
	shr    ecx,0x10
	and    ecx,0xb
	mov    eax,ecx
	ret
	mov    r8d,0x40
	tzcnt  rax,r9
	or     r8d,eax
	shl    r8d,0x4
	mov    QWORD PTR [r8+0x4b02b0],rsi
	mov    QWORD PTR [r8+0x4b0aa8],0x1
	mov    QWORD PTR [r8+0x4b0ab0],0x0
	mov    rcx,QWORD PTR [r8+0x4b02a8]
	or     rcx,r8
	or     rcx,0x1
	mov    QWORD PTR [r8+0x4b02a8],rcx
	mov    rax,QWORD PTR [rip+0xacea0]        # <_ZN11tsd_measure9space_1285SPACE17h991fe1994cf028e0E+0x1018>
	xor    esi,esi
	sub    rdx,rax
	cmovae rsi,rdx
	mov    rax,QWORD PTR [rip+0xace98]        # <_ZN11tsd_measure9space_1285SPACE17h991fe1994cf028e0E+0x1020>
	cmp    rsi,rax
	jbe    <tsd128_create+0x215>
	mov    rax,QWORD PTR [rip+0xace8c]        # <_ZN11tsd_measure9space_1285SPACE17h991fe1994cf028e0E+0x1020>
	nop    DWORD PTR [rax+0x0]
	cmp    rax,rsi
	mov    rdx,rsi
	cmova  rdx,rax
	lock cmpxchg QWORD PTR [rip+0xace75],rdx        # <_ZN11tsd_measure9space_1285SPACE17h991fe1994cf028e0E+0x1020>
	jne    <tsd128_create+0x200>
	shl    rcx,0x20
	test   cl,0x1
	jne    <tsd128_create+0x18c>
	shr    rcx,0x20
	mov    DWORD PTR [rdi],ecx
	xor    ecx,ecx
	mov    eax,ecx
	ret

<tsd128_delete>:
	mov    esi,edi
	and    esi,0x7f0
	mov    rax,QWORD PTR [rsi+0x4b02a8]
	cmp    edi,eax
	sete   dl
	mov    cl,0x1
	test   dl,al
	jne    <tsd128_delete+0x29>
	lea    rax,[rsi+0x4b02a8]
	mov    rax,QWORD PTR [rax]
	mov    ecx,eax
	and    cl,0x1
	mov    edx,0x16
	test   cl,cl
	je     <tsd128_delete+0x9c>
	cmp    edi,eax
	jne    <tsd128_delete+0x9c>
	mov    ecx,esi
	shr    ecx,0x4
	cmp    rcx,QWORD PTR [rip+0xace1e]        # <_ZN11tsd_measure9space_1285SPACE17h991fe1994cf028e0E+0x1028>
	jb     <tsd128_delete+0x9c>
	mov    rdi,rax
	or     rdi,0x7f3
	lea    r8,[rdi+0x1]
	mov    r9,rdi
	inc    r9
	je     <tsd128_delete+0x9f>
	and    r8,0xfffffffffffff80c
	lock cmpxchg QWORD PTR [rsi+0x4b02a8],r8
	jne    <tsd128_delete+0x9c>
	cmp    rdi,0xffffffffffffffff
	je     <tsd128_delete+0x92>
	mov    rax,0xfffffffffffffffe
	rol    rax,cl
	shr    esi,0xa
	lock and QWORD PTR [rsi*8+0x4b12a8],rax
	lock dec QWORD PTR [rip+0xacdb8]        # <_ZN11tsd_measure9space_1285SPACE17h991fe1994cf028e0E+0x1010>
	jmp    <tsd128_delete+0x9a>
	lock inc QWORD PTR [rip+0xacdb6]        # <_ZN11tsd_measure9space_1285SPACE17h991fe1994cf028e0E+0x1018>
	xor    edx,edx
	mov    eax,edx
	ret
	mov    r8,0xfffffffffffffffe
	lock cmpxchg QWORD PTR [rsi+0x4b02a8],r8
	je     <tsd128_delete+0x6c>
	jmp    <tsd128_delete+0x9c>
