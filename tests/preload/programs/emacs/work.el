;;; work.el --- work for an editor without a screen  -*- lexical-binding: t -*-

;;; Commentary:
;; Buffers, strings, conses, hash tables, overlays, JSON and processes.

;;; Code:

(require 'cl-lib)
(require 'subr-x)

(defun work-buffers ()
  "Edit a large buffer in many ways and return its digest."
  (with-temp-buffer
    (dotimes (i 30000)
      (insert (format "line %d %d\n" i (% (* i 7919) 10007))))
    (goto-char (point-min))
    (while (re-search-forward "^line \\([0-9]+\\) \\(.*7.*\\)$" nil t)
      (replace-match "\\2 <\\1>"))
    (sort-lines nil (point-min) (point-max))
    (reverse-region (point-min) (point-max))
    (dotimes (i 2000)
      (overlay-put (make-overlay (1+ (* i 10)) (+ 5 (* i 10))) 'face 'bold)
      (put-text-property (1+ (* i 10)) (+ 3 (* i 10)) 'number i))
    (let ((copy (buffer-string)))
      (upcase-region (point-min) (point-max))
      (list (length copy) (md5 copy) (md5 (buffer-string)) (count-lines (point-min) (point-max))))))

(defun work-tables ()
  "Fill and thin out a hash table."
  (let ((table (make-hash-table :test #'equal :weakness nil)))
    (dotimes (i 60000)
      (puthash (format "key-%d" (% (* i 7919) 20011)) (make-string (% i 50) ?x) table))
    (maphash (lambda (key _) (when (string-suffix-p "3" key) (remhash key table))) table)
    (garbage-collect)
    (list (hash-table-count table)
          (md5 (mapconcat #'identity (sort (hash-table-keys table) #'string<) ",")))))

(defun work-lists ()
  "Make many conses, vectors, closures and numbers."
  (let ((lists (cl-loop for i below 20000 collect (number-sequence 0 (% i 20)))))
    (list (apply #'+ (mapcar #'length lists))
          (length (json-serialize (vconcat (mapcar #'vconcat lists))))
          (funcall (apply #'compose-all (make-list 500 #'1+)) 0)
          (length (number-to-string (cl-loop with n = 1 for i from 1 to 600
                                             do (setq n (* n i)) finally return n))))))

(defun compose-all (&rest functions)
  "Return the composition of FUNCTIONS."
  (cl-reduce (lambda (f g) (lambda (x) (funcall f (funcall g x)))) functions))

(defun work-processes ()
  "Talk to child processes and run a thread."
  (let ((thread (make-thread (lambda () (length (make-list 50000 0))))))
    (list (with-temp-buffer
            (insert (make-string 200000 ?y))
            (call-process-region (point-min) (point-max) "tr" t t nil "y" "z")
            (md5 (buffer-string)))
          (thread-join thread)
          (string-trim (shell-command-to-string "echo from a shell")))))

(dolist (work '(work-buffers work-tables work-lists work-processes))
  (princ (format "%s %S\n" work (funcall work))))

;;; work.el ends here
