ldp q16,q17,[x3]
ldp q18,q19,[x3,#32]
ldp x9, x10, [x0]
ldr x8, [x0,#16]
uxth w7, w9
add x20, x11, w7, uxtw
lsr x7, x9, #16
uxth w7, w7
add x21, x12, w7, uxtw
lsr x7, x9, #32
uxth w7, w7
add x22, x13, w7, uxtw
ldp q20, q21, [x20]
ldp q22, q23, [x21]
ldp q24, q25, [x22]
add x23, x14, x9, lsr #48
uxth w7, w10
add x24, x15, w7, uxtw
lsr x7, x10, #16
uxth w7, w7
add x25, x11, w7, uxtw
ldp q26, q27, [x23]
ldp q28, q29, [x24]
ldp q30, q31, [x25]
add v20.16b,v20.16b,v22.16b
add v20.16b,v20.16b,v24.16b
add v16.16b,v16.16b,v20.16b
usra v18.16b,v20.16b,#4
add v21.16b,v21.16b,v23.16b
add v21.16b,v21.16b,v25.16b
add v17.16b,v17.16b,v21.16b
usra v19.16b,v21.16b,#4
lsr x7, x10, #32
uxth w7, w7
add x26, x12, w7, uxtw
add x27, x13, x10, lsr #48
uxth w7, w8
add x20, x14, w7, uxtw
ldp q20, q21, [x26]
ldp q22, q23, [x27]
ldp q24, q25, [x20]
add v26.16b,v26.16b,v28.16b
add v26.16b,v26.16b,v30.16b
add v16.16b,v16.16b,v26.16b
usra v18.16b,v26.16b,#4
add v27.16b,v27.16b,v29.16b
add v27.16b,v27.16b,v31.16b
add v17.16b,v17.16b,v27.16b
usra v19.16b,v27.16b,#4
lsr x7, x8, #16
uxth w7, w7
add x21, x15, w7, uxtw
lsr x7, x8, #32
uxth w7, w7
add x22, x11, w7, uxtw
add x23, x12, x8, lsr #48
ldp q26, q27, [x21]
ldp q28, q29, [x22]
ldp q30, q31, [x23]
uxth w7, w8
add x24, x13, w7, uxtw
ldp q6,q7,[x24]
add v20.16b,v20.16b,v22.16b
add v20.16b,v20.16b,v24.16b
add v16.16b,v16.16b,v20.16b
usra v18.16b,v20.16b,#4
add v21.16b,v21.16b,v23.16b
add v21.16b,v21.16b,v25.16b
add v17.16b,v17.16b,v21.16b
usra v19.16b,v21.16b,#4
add v26.16b,v26.16b,v28.16b
add v26.16b,v26.16b,v30.16b
add v16.16b,v16.16b,v26.16b
usra v18.16b,v26.16b,#4
add v27.16b,v27.16b,v29.16b
add v27.16b,v27.16b,v31.16b
add v17.16b,v17.16b,v27.16b
usra v19.16b,v27.16b,#4
add v16.16b,v16.16b,v6.16b
usra v18.16b,v6.16b,#4
add v17.16b,v17.16b,v7.16b
usra v19.16b,v7.16b,#4
stp q16,q17,[x3]
stp q18,q19,[x3,#32]
add x3,x3,#64
add x0,x0,x1
subs w28,w28,#1
b.gt 0
